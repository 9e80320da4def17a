"""Rules on conditional requests: what a server gave is given back, to the byte, and only that."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise

from tests.conformance.judge import START, Ask, Judge, Reply, Script, http_date
from tests.conformance.stage import Stage, Verdict, rss, rule

DAY = timedelta(days=1)
ETAGS = (
    '"plain"',
    'W/"weak"',
    '"a,b, c"',
    '"back\\slash"',
    '"with space"',
    '"tab\there"',
    "unquoted",
    '""',
    '"in"side"',
    '"caf\xe9"',
    '"\xe6\x97\xa5"',
    f'"{"x" * 3000}"',
    "'single'",
    '"abc-gzip"',
)
DATES = (
    "Mon, 02 Nov 2026 05:00:00 GMT",
    "Monday, 02-Nov-26 05:00:00 GMT",
    "Mon Nov  2 05:00:00 2026",
    "Mon, 2 Nov 2026 05:00:00 +0000",
    "2026-11-02T05:00:00Z",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Mon, 02 Nov 2037 05:00:00 GMT",
    "mon, 02 nov 2026 05:00:00 gmt",
    "0",
    "yesterday",
)


def given(*fields: tuple[str, str]) -> Script:
    """Give these validators; answer 304 to a request that has any of them, to the byte."""
    back = {"ETag": "if-none-match", "Last-Modified": "if-modified-since"}

    def script(ask: Ask, before: int) -> Reply:
        del before
        if any(ask.headers.get(back[name]) == value for name, value in fields):
            return Reply(status=304)
        return Reply(headers=fields, body=rss(START))

    return script


async def _echoes(stage: Stage, header: str, asked: str, values: tuple[str, ...]) -> Verdict:
    host = await stage.host()
    targets = [f"/{n}.xml" for n in range(len(values))]
    for target, value in zip(targets, values, strict=True):
        host.scripts[target] = given((header, value))
    async with stage.daemon(*map(host.url, targets)) as daemon:
        await daemon.live(DAY)
    wrong = [
        value[:30]
        for target, value in zip(targets, values, strict=True)
        if not host.asked(target)[1:]
        or any(ask.headers.get(asked) != value for ask in host.asked(target)[1:])
    ]
    asks = sum(len(host.asked(target)) - 1 for target in targets)
    told = f"; not so: {', '.join(wrong)}" if wrong else ""
    return Verdict(
        kept=not wrong,
        evidence=f"{len(values)} odd values, {asks} requests, alike to the byte{told}",
    )


@rule("An ETag comes back byte for byte", "RFC 9110 8.8.3; fs: black box values")
async def etags(stage: Stage) -> Verdict:
    return await _echoes(stage, "ETag", "if-none-match", ETAGS)


@rule("A Last-Modified comes back literally, never rewritten", "RFC 9110 13.1.3; fs help")
async def dates(stage: Stage) -> Verdict:
    return await _echoes(stage, "Last-Modified", "if-modified-since", DATES)


async def _sent(stage: Stage, script: Script, *, days: int = 2) -> tuple[Judge, list[Ask]]:
    host = await stage.host()
    host.scripts["/feed.xml"] = script
    async with stage.daemon(host.url("/feed.xml")) as daemon:
        await daemon.live(days * DAY)
    return host, host.asked("/feed.xml")


def _both(ask: Ask) -> tuple[str | None, str | None]:
    return ask.headers.get("if-none-match"), ask.headers.get("if-modified-since")


@rule("Both validators are sent where both were given", "RFC 9110 13.1.3; fs help")
async def both(stage: Stage) -> Verdict:
    _, asks = await _sent(stage, given(("ETag", '"1"'), ("Last-Modified", DATES[0])))
    kept = len(asks) > 2 and all(_both(ask) == ('"1"', DATES[0]) for ask in asks[1:])
    return Verdict(kept=kept, evidence=f"{len(asks) - 1} requests after the first")


@rule("None is made up beside a real one", "fs help: do not invent values")
async def none_invented(stage: Stage) -> Verdict:
    _, by_tag = await _sent(stage, given(("ETag", '"1"')))
    _, by_date = await _sent(stage, given(("Last-Modified", DATES[0])))
    kept = all(_both(ask) == ('"1"', None) for ask in by_tag[1:])
    kept &= all(_both(ask) == (None, DATES[0]) for ask in by_date[1:])
    return Verdict(
        kept=kept and _both(by_tag[0]) == _both(by_date[0]) == (None, None),
        evidence=f"{len(by_tag) + len(by_date)} requests, none with a value that was not given",
    )


@rule("One unconditional request, then conditional ones", "w/2023/01/18; RFC 9110 13.1")
async def conditional(stage: Stage) -> Verdict:
    _, asks = await _sent(stage, given(("ETag", '"1"')), days=7)
    bare = sum(not ask.conditional for ask in asks)
    return Verdict(
        kept=bare == 1, evidence=f"{bare} of {len(asks)} requests in 7 days unconditional"
    )


@rule("Without validators: unconditional at most once in 24 h", "w/feed: once per 24 hours")
async def no_validators(stage: Stage) -> Verdict:
    _, asks = await _sent(stage, lambda ask, _: Reply(body=rss(ask.at)), days=7)
    bare = [ask.at for ask in asks if not ask.conditional]
    least = min((b - a for a, b in pairwise(bare)), default=7 * DAY)
    made = [ask for ask in asks if ask.conditional]
    # RFC 9110 section 13.1.3 allows the Date of the answer that is held, and nothing else.
    held = {http_date(ask.at) for ask in asks}
    kept = least >= DAY and all(_both(ask)[1] in held and _both(ask)[0] is None for ask in made)
    return Verdict(
        kept=kept,
        evidence=f"{len(bare)} unconditional in 7 days, at least {least / DAY:.1f} d apart; "
        f"{len(made)} with the Date of the last answer",
    )


@rule("A new ETag beside the same Last-Modified is taken", "w/2024/06/11/fsr")
async def same_date(stage: Stage) -> Verdict:
    return await _changing(
        stage, lambda n: (("ETag", f'"{n}"'), ("Last-Modified", DATES[0])), changing_body=True
    )


@rule("New validators beside the same body are taken", "w/2024/08/17/hash")
async def same_body(stage: Stage) -> Verdict:
    return await _changing(
        stage,
        lambda n: (("ETag", f'"{n}"'), ("Last-Modified", http_date(START + n * DAY))),
        changing_body=False,
    )


async def _changing(
    stage: Stage, fields: Callable[[int], Sequence[tuple[str, str]]], *, changing_body: bool
) -> Verdict:
    def script(ask: Ask, before: int) -> Reply:
        return Reply(headers=fields(before), body=rss(ask.at if changing_body else START))

    _, asks = await _sent(stage, script)
    last = [dict(fields(n)) for n in range(len(asks) - 1)]
    kept = len(asks) > 2 and all(
        _both(ask) == (one["ETag"], one["Last-Modified"])
        for ask, one in zip(asks[1:], last, strict=True)
    )
    return Verdict(kept=kept, evidence=f"{len(asks) - 1} times the newest was sent")


@rule("A 304 brings new validators, or leaves the old", "RFC 9110 15.4.5; RFC 9111 4.3.4")
async def in_304(stage: Stage) -> Verdict:
    def script(ask: Ask, before: int) -> Reply:
        del ask
        if before == 0:
            return Reply(headers=[("ETag", '"1"'), ("Last-Modified", DATES[0])], body=rss(START))
        return Reply(status=304, headers=[("ETag", '"2"')] if before == 2 else [])

    _, asks = await _sent(stage, script)
    tags = [_both(ask)[0] for ask in asks]
    kept = tags[:3] == [None, '"1"', '"1"'] and set(tags[3:]) == {'"2"'}
    kept &= all(_both(ask)[1] == DATES[0] for ask in asks[1:])
    return Verdict(kept=kept, evidence=f"ETags sent: {', '.join(map(str, tags[:5]))} …")


@rule("A validator that is given no more is sent no more", "RFC 9110 13.1")
async def withdrawn(stage: Stage) -> Verdict:
    def script(ask: Ask, before: int) -> Reply:
        tag = [("ETag", '"1"')] if before == 0 else []
        return Reply(headers=[*tag, ("Last-Modified", DATES[0])], body=rss(ask.at))

    _, asks = await _sent(stage, script)
    kept = _both(asks[1]) == ('"1"', DATES[0])
    kept &= all(_both(ask) == (None, DATES[0]) for ask in asks[2:])
    return Verdict(kept=kept, evidence=f"{len(asks) - 2} requests without it")


@rule("An answer that could not be read leaves the validators", "RFC 9110 8.8; RFC 9112 8")
async def unread(stage: Stage) -> Verdict:
    def script(ask: Ask, before: int) -> Reply:
        del ask
        tag = [("ETag", f'"{before}"')]
        if before == 1:
            return Reply(headers=tag, body=rss(START + DAY), cut=40)
        if before == 2:
            html = [*tag, ("Content-Type", "text/html")]
            return Reply(headers=html, body=b"<!doctype html><title>Down for works</title>")
        return Reply(headers=tag, body=rss(START))

    _, asks = await _sent(stage, script)
    tags = [_both(ask)[0] for ask in asks[:5]]
    kept = tags == [None, '"0"', '"0"', '"0"', '"3"']
    return Verdict(
        kept=kept, evidence=f"a cut body, an HTML page: sent {', '.join(map(str, tags))}"
    )


@rule("Validators are told to nobody else", "RFC 9110 17.9: they can identify a user")
async def told_to_nobody(stage: Stage) -> Verdict:
    other = await stage.host()
    other.scripts["/new.xml"] = lambda *_: Reply(body=rss(START))

    def script(ask: Ask, before: int) -> Reply:
        del ask
        if before == 0:
            return Reply(headers=[("ETag", '"mine"')], body=rss(START))
        return Reply(status=302, headers=[("Location", other.url("/new.xml"))])

    await _sent(stage, script)
    told = [ask for ask in other.asks if ask.headers.get("if-none-match") == '"mine"']
    return Verdict(
        kept=bool(other.asks) and not told,
        evidence=f"{len(other.asks)} redirected requests, {len(told)} with another's ETag",
    )
