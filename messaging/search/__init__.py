"""Finding messages: the index, the language of the search box, and what a user may find.

`index` and `remove` are for the verbs that change messages, inside their transactions, so that
the index is never behind. `find` is for the interfaces. Which database it is, only `postgres` and
`sqlite` know.
"""

from messaging.search.finding import LIMIT_DEFAULT, LIMIT_MAX, Hit, Results, Sort, find, take_turn
from messaging.search.query import FILTERS, HAS, IS, PARAMETERS, QUERY_MAX, Filter, Query, parse
from messaging.search.scope import Hint, zone_of
from messaging.search.upkeep import index, rebuild, remove, remove_astray, remove_up_to, save

__all__ = [
    "FILTERS",
    "HAS",
    "IS",
    "LIMIT_DEFAULT",
    "LIMIT_MAX",
    "PARAMETERS",
    "QUERY_MAX",
    "Filter",
    "Hint",
    "Hit",
    "Query",
    "Results",
    "Sort",
    "find",
    "index",
    "parse",
    "rebuild",
    "remove",
    "remove_astray",
    "remove_up_to",
    "save",
    "take_turn",
    "zone_of",
]
