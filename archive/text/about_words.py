"""Words that say nothing of what a story is about, for the line of its terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archive.text.searchable import fold_letter_by_letter

FUNCTION_WORDS = """
a about after again against all almost alone along already also although always am among an and another any are
around as at away back be because been before being below between both but by came can come could did do does done
down during each either else enough even ever every few first for from further gave get give given go goes going
gone got had has have he her here hers him his how however i if in into is it its itself just keep kept last later
least less let like made make many may me might more most much must my near never new next no nor not now of off
often on once one only or other others our out over own per put quite rather same see seen set shall she should
since so some soon still such take taken than that the their them then there these they this those though through
thus to together too took toward towards two under until up upon us very was way we well went were what when where
whether which while who whom whose why will with within without would yet you your
one two three four five six seven eight nine ten dozen hundred thousand million billion second third half
day days week weeks month months year years hour hours minute minutes today yesterday tomorrow tonight morning
evening afternoon night monday tuesday wednesday thursday friday saturday sunday january february march april may
june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
said say says saying told tell tells asked ask asks added add adds according called call calls known know knows
think thought want wanted wants use used uses using
el la los las un una unos unas y o de del al en con por para que se su sus es son fue ser como más pero lo le les
no sin sobre entre hasta desde ya año años día días dijo según ha han este esta esto ese esa
le la les un une des du de et ou en au aux dans par pour sur avec sans que qui ne pas plus est sont été être il elle
ils elles on ce cet cette ces son sa ses leur leurs mais comme selon an ans jour jours dit
der die das den dem des ein eine einer einem einen und oder in im an am auf aus bei mit nach von vom zu zum zur für
über unter ist sind war waren wird werden wurde wurden hat haben nicht auch als wie noch nur sich er sie es wir dass
aber jahr jahre tag tage sagte laut
il lo gli i uno una e o di del della dei delle da dal in nel nella con su per tra fra che non è sono era come più ma
si anno anni giorno giorni ha detto
o os as um uma e ou do da dos das no na nos nas em com por para que não se é são foi como mais mas ano anos dia dias
disse
de het een en of in op aan van voor met naar door over onder is zijn was waren wordt worden werd niet ook als maar
er jaar jaren dag dagen zei
"""
"""Articles, prepositions, numerals, units of time and words of reporting, in several languages."""

CREDIT_WORDS = """
afp alamy ansa ap archive associated bloomberg caption contributed contributor copyright correspondent courtesy
credit credits dpa editor editing editors efe epa file foto fotos getty gettyimages graphic handout illustration
image images newsletter newsroom photo photograph photographer photographs photography photos picture pictures
pool press reporting reuters reporter shutterstock staff subscribe video via writer xinhua yonhap
"""
"""Words of photo credits, bylines and the frame of a page."""

SILENT_WORDS = frozenset(map(fold_letter_by_letter, f"{FUNCTION_WORDS} {CREDIT_WORDS}".split()))
MIN_ABOUT_LETTERS = 3
"""Letters of a word in a script with spaces; shorter ones are initials and abbreviations."""


def telling_words(words: Iterable[str]) -> Iterator[str]:
    """Yield the words that say what a story is about; numbers do not."""
    for word in words:
        folded = fold_letter_by_letter(word)
        short = folded.isascii() and len(folded) < MIN_ABOUT_LETTERS
        if folded not in SILENT_WORDS and not short and not folded.replace(".", "").isdigit():
            yield word
