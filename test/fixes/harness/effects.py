"""The checks of one library's fixes by name, and the runs of the scripts that they look at."""
import functools
from types import SimpleNamespace

from script import Script


def effects(watch):
    """The effects by name, a decorator that takes a function in under its own, and the function that answers a request by them."""
    known = {}

    @functools.lru_cache(maxsize=64)
    def script(text):
        return Script(text, watch)

    def effect(function):
        known[function.__name__.replace("_", "-")] = function
        return function

    def check(request):
        scripts = {name: script(request[name]) for name in ("before", "after", "baseline") if name in request}
        known[request["effect"]](SimpleNamespace(**{**request, **scripts}))

    return known, effect, check
