"""An invented report whose paragraphs tests of the reader put into pages of all shapes."""

from __future__ import annotations

PARAGRAPHS = (
    "The lighthouse keepers of Fennmouth voted on Monday to move the old lamp to the northern cape.",
    "Chair Ilse Brandt told the hall that fog had hidden the light on ninety nights last winter alone.",
    "Around four hundred boats pass the cape each week, and most of them carry herring to the mainland.",
    "The builder expects to finish before the autumn storms, provided that the road to the cape holds.",
    "A spokesman for the pilots said that the new lamp would be seen from twice as far as the old one.",
    "The old tower will become a museum, and its stairs will be open to visitors from the first of May.",
)
