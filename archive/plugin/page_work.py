"""The notes and forms for the signed-in visitor of a page, or the reason for having none."""

from __future__ import annotations

from typing import Any

from archive.pages.working import (
    PageWork,
    WorkOptions,
    has_page_work,
    note_subject_of_page,
    page_work_data,
)
from archive.plugin.guards.permissions import (
    EDIT_PERMISSIONS,
    is_editor,
    may_see_tables,
    write_hindrance,
)
from archive.plugin.guards.public import is_public_archive
from archive.plugin.guards.read_pool import page_readers
from archive.queries.lookup import PlainRow
from archive.removal.serving import can_remove


async def page_work(
    datasette: Any, request: Any, template: str, database: str, shown: PlainRow
) -> PlainRow:
    """Return what the templates need for notes and forms.

    `may` says for each word of `EDIT_PERMISSIONS` whether its forms are shown, `hindrance` why none
    is. The rest is as in `archive.pages.working.PageWork`; only pages that show it read it.
    """
    actor = request.actor
    allowed = {
        word: bool(actor) and await is_editor(datasette, actor, database, word)
        for word in EDIT_PERMISSIONS
    }
    hindrance = write_hindrance(datasette, database) if any(allowed.values()) else None
    may = {word: permitted and not hindrance for word, permitted in allowed.items()}
    may["remove"] = may["remove"] and can_remove()
    about = note_subject_of_page(template, shown)
    data = PageWork()
    if has_page_work(template, about):
        private = "notes" if about else "saved_searches"
        options = WorkOptions(
            sees_private=await sees_private_table(datasette, actor, database, private),
            may_follow=may["follow"],
            may_judge=may["verdict"],
        )
        data = await page_readers(datasette).read(
            datasette, database, lambda connection: page_work_data(connection, about, options)
        )
    return {
        "may": may,
        "hindrance": hindrance,
        "notes": data.notes,
        "stories": data.stories,
        "proposed_name": data.proposed_name,
        "articles": data.articles,
        "searches": data.searches,
    }


async def sees_private_table(datasette: Any, actor: Any, database: str, table: str) -> bool:
    """Return True if a visitor may see notes or saved searches.

    Datasette's permissions for the table decide; in public mode, strangers never may.
    """
    if is_public_archive(datasette) and not actor:
        return False
    return await may_see_tables(datasette, actor, database, (table,))
