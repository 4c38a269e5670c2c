"""Who opens a link: a person, or a program that looks at it before anybody does.

The list of known robots is the one of https://github.com/monperrus/crawler-user-agents, which is
maintained for that; here is only what can be told without a list.
"""

import re
from functools import lru_cache

import crawleruseragents

# Browsers that fetch a page ahead say so; nobody has looked at it then.
PREFETCH_HEADERS = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
# What matters of a user agent stands at its beginning; the rest would only cost time.
LONGEST = 512

# Every browser calls itself Mozilla, the old Opera and its Mini excepted; mail scanners, office
# programs and scripts that use their own name do not.
_BROWSER = re.compile(r"(Mozilla|Opera)/\d")
# Among those, `compatible;` is left to robots since Internet Explorer 10.
_COMPATIBLE = re.compile(r"\(compatible;", re.IGNORECASE)
# The browser inside a messenger names the messenger after a browser's own words. A person looks
# through it, while the messenger's previewer has that name alone.
_IN_A_MESSENGER = re.compile(r"(Mobile(?:/\w+)?(?: Safari/[\d.]+)?) (?:WhatsApp|Viber)/\S+")


def is_robot(user_agent):
    """Whether a robot, a preview or a scanner names itself so.

    :param str user_agent: as sent; whatever it holds
    """
    return _is_robot(user_agent[:LONGEST])


@lru_cache(maxsize=2048)
def _is_robot(user_agent):
    if not _BROWSER.match(user_agent) or _COMPATIBLE.search(user_agent):
        return True
    return crawleruseragents.is_crawler(_IN_A_MESSENGER.sub(r"\1", user_agent))


def is_fetched_ahead(headers):
    """Whether a browser fetches the page before anybody asked to see it."""
    return any(headers.get(name) for name in PREFETCH_HEADERS)
