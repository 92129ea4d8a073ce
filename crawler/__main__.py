"""The `dateline` command, as `python -m crawler`."""

from crawler.processes.search_path import leave_out_current_folder

leave_out_current_folder(started_as_module=True)  # before any other import

from crawler.cli.main import main  # noqa: E402

main()
