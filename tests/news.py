"""Short articles about different things, for tests of what an outlet repeats around them."""

from __future__ import annotations

NEWS = (
    "Beekeepers in the Tolland valley lost half of their hives this winter.\n"
    "A mite that spread from imported queens weakened the swarms before the frost.\n"
    "The farm ministry promised vaccines and sugar for those who register by May.",
    "The chess federation suspended its treasurer over missing tournament fees.\n"
    "Auditors found twelve payments to a travel agency that never booked a flight.\n"
    "Grandmaster Oda Lunde will act until members elect a successor.",
    "A glacier above Ullsund calved a block as large as a stadium on Monday.\n"
    "Waves reached the camping ground, where two tents were swept into the lake.\n"
    "Geologists measure cracks daily and have closed the hiking trail.",
    "Tram drivers voted for a new timetable that ends split shifts.\n"
    "Rush-hour services will run every six minutes, night lines twice an hour.\n"
    "The transport company hires forty trainees to fill the roster.",
    "Archaeologists uncovered a bronze workshop under the old cinema.\n"
    "Moulds for sickles and brooches lay beside a clay furnace.\n"
    "The museum plans an exhibition once conservators have cleaned the finds.",
)
"""No two of them are one piece of news."""
STRIKE = (
    "Dockers at the Norvik terminal walked out at dawn and cranes stood still.\n"
    "Union leader Pia Moe said the dockers want shorter shifts and safer cranes.",
    "Cranes at the Norvik terminal stood still for a second day as dockers struck.\n"
    "Employers offered the union shorter shifts, but Pia Moe called it too little.",
    "Dockers and employers of the Norvik terminal signed a deal on shifts at dawn.\n"
    "Union leader Pia Moe said the cranes would move again and the strike was over.",
)
"""Three reports of one strike."""
REFRAIN = "The strike of the Norvik dockers over shifts began when a crane fell in March."
BOX = "Sign up for our morning letter and never miss a word"


def with_box(number: int, box: str = BOX) -> str:
    """An article with the outlet's box after its first sentence."""
    first, _, rest = NEWS[number].partition("\n")
    return f"{first}\n{box}\n{rest}"
