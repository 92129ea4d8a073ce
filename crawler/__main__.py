"""`python -m crawler` is the `dateline` command."""

from crawler.processes.search_path import leave_out_current_folder

leave_out_current_folder(started_as_module=True)  # before anything else is imported

from crawler.cli.main import main  # noqa: E402

main()
