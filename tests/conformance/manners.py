"""Rules on redirects, and on what a request may and may not have in it."""

import asyncio
import gzip
from datetime import timedelta
from itertools import pairwise

from tests.conformance.judge import START, Ask, Reply, Script
from tests.conformance.stage import CONTACT, Stage, Verdict, rss, rule

DAY = timedelta(days=1)
QUERY = "/feed.xml?a=%7Eb&B=+c&&x=1;y&empty=&u=%C3%A9&r=/../d"


async def _moved(stage: Stage, status: int, *, days: int) -> tuple[list[Ask], list[Ask]]:
    """Redirect a feed from its second request on; returns the requests to both addresses."""
    host = await stage.host()

    def old(ask: Ask, before: int) -> Reply:
        if before == 0:
            return Reply(headers=[("ETag", '"1"')], body=rss(ask.at))
        return Reply(status=status, headers=[("Location", "/new.xml")])

    def new(ask: Ask, before: int) -> Reply:
        del before
        if ask.headers.get("if-none-match") == '"2"':
            return Reply(status=304)
        return Reply(headers=[("ETag", '"2"')], body=rss(ask.at))

    host.scripts |= {"/old.xml": old, "/new.xml": new}
    async with stage.daemon(host.url("/old.xml")) as daemon:
        await daemon.live(days * DAY)
        await daemon.kill()
        await daemon.live(days * DAY)
    return host.asked("/old.xml"), host.asked("/new.xml")


async def _adopted(stage: Stage, status: int) -> Verdict:
    old, new = await _moved(stage, status, days=10)
    first, last = old[1].at, old[-1].at
    after = sum(ask.at > last for ask in new)
    return Verdict(
        kept=len(old) - 1 <= len(new) and 7 * DAY <= last - first <= 9 * DAY and after > 3,
        evidence=f"the old address asked for {(last - first) / DAY:.1f} d, then {after} times "
        "the new one alone",
    )


@rule("301 is followed, and adopted after a week of it", "RFC 9110 15.4.2; fs: redirects")
async def moved_301(stage: Stage) -> Verdict:
    return await _adopted(stage, 301)


@rule("308 is followed, and adopted after a week of it", "RFC 9110 15.4.9")
async def moved_308(stage: Stage) -> Verdict:
    return await _adopted(stage, 308)


@rule("302 and 307 are followed and never adopted", "RFC 9110 15.4.3, 15.4.8")
async def moved_for_now(stage: Stage) -> Verdict:
    told, kept = [], True
    for status in (302, 307):
        stage.clock.now = START
        old, new = await _moved(stage, status, days=10)
        kept &= len(old) == len(new) + 1 and len(new) > 3
        told.append(f"{status}: both addresses {len(new)} times in 20 days")
    return Verdict(kept=kept, evidence="; ".join(told))


@rule("Beyond a redirect, too, requests are conditional", "RFC 9110 13.1; fs: redirects")
async def conditional_beyond(stage: Stage) -> Verdict:
    _, new = await _moved(stage, 302, days=3)
    bare = sum(not ask.conditional for ask in new)
    return Verdict(
        kept=bare == 1, evidence=f"{bare} of {len(new)} redirected requests unconditional"
    )


def plain(*fields: tuple[str, str]) -> Script:
    """Answer each request anew, with these fields."""
    return lambda ask, before: Reply(headers=[("ETag", f'"{before}"'), *fields], body=rss(ask.at))


async def _asked(stage: Stage, target: str, script: Script, *, suffix: str = "") -> list[Ask]:
    """Return all that a host was asked in a day of one feed."""
    host = await stage.host()
    host.scripts[target] = script
    async with stage.daemon(host.url(target) + suffix) as daemon:
        await daemon.live(DAY)
    return host.asks


@rule("No cookie is ever sent back", "RFC 6265 5.3 lets a client ignore them; fs: cookies")
async def cookies(stage: Stage) -> Verdict:
    fields = ("Set-Cookie", "id=1; Path=/; Max-Age=999999")
    asks = await _asked(stage, "/feed.xml", plain(fields))
    sent = sum("cookie" in ask.headers for ask in asks)
    return Verdict(kept=len(asks) > 2 and not sent, evidence=f"{sent} of {len(asks)} requests")


@rule("The User-Agent names the product, its version and a contact", "RFC 9110 10.1.5")
async def user_agent(stage: Stage) -> Verdict:
    asks = await _asked(stage, "/feed.xml", plain())
    names = {ask.headers.get("user-agent", "") for ask in asks}
    name = names.pop()
    kept = not names and name.startswith("newsfold/") and CONTACT in name
    return Verdict(kept=kept, evidence=name)


@rule("Only what is needed is sent: no Referer, no Cache-Control, no body", "fs: referrers")
async def spare(stage: Stage) -> Verdict:
    asks = await _asked(stage, "/feed.xml", plain())
    needed = {"host", "user-agent", "accept", "accept-encoding", "a-im", "connection"}
    needed |= {"if-none-match", "if-modified-since"}
    more = {name for ask in asks for name in ask.headers} - needed
    methods = {ask.method for ask in asks}
    kept = not more and methods == {"GET"}
    return Verdict(kept=kept, evidence=", ".join(sorted(asks[-1].headers)))


@rule("gzip is asked for and understood", "RFC 9110 12.5.3; fs help")
async def compressed(stage: Stage) -> Verdict:
    host = await stage.host()

    def script(ask: Ask, before: int) -> Reply:
        del before
        packed = "gzip" in ask.headers.get("accept-encoding", "")
        body = rss(ask.at)
        fields = [("Content-Encoding", "gzip")] if packed else []
        return Reply(headers=fields, body=gzip.compress(body) if packed else body)

    host.scripts["/feed.xml"] = script
    async with stage.daemon(host.url("/feed.xml")) as daemon:
        await daemon.live(timedelta(hours=2))
        entries = len(daemon.run.ledger.known_entries("f0"))
    asked = host.asks[0].headers.get("accept-encoding")
    return Verdict(
        kept=asked == "gzip" and entries >= 10,
        evidence=f"asked for {asked}; {entries} entries",
    )


@rule(
    "The address is asked for as it is written, and without its fragment", "RFC 9110 7.1; fs help"
)
async def untouched(stage: Stage) -> Verdict:
    asks = await _asked(stage, QUERY, plain(), suffix="#latest")
    targets = {ask.target for ask in asks}
    return Verdict(
        kept=targets == {QUERY}, evidence=f"{len(asks)} times {' '.join(sorted(targets))}"
    )


@rule("Nothing is asked for but the feed: no favicon, no front page", "w/2024: extra requests")
async def nothing_else(stage: Stage) -> Verdict:
    asks = await _asked(stage, "/feed.xml", plain())
    others = {ask.target for ask in asks} - {"/feed.xml"}
    told = ", ".join(sorted(others)) or "nothing else"
    return Verdict(kept=not others, evidence=f"{len(asks)} requests; {told}")


@rule("Feeds of one host take turns", "fs: bunching; per_host in feeds.yml")
async def spread(stage: Stage) -> Verdict:
    host = await stage.host()
    targets = [f"/{n}.xml" for n in range(8)]
    host.scripts = {
        target: lambda ask, _: Reply(body=rss(ask.at), after=0.05) for target in targets
    }
    pause = 0.2
    async with stage.daemon(*map(host.url, targets), pause=pause) as daemon:
        await daemon.live(timedelta(seconds=15))
    starts = sorted(ask.instant for ask in host.asks)
    least = min(b - a for a, b in pairwise(starts))
    # On a busy machine a request that starts in time is seen late, and the next one on time; those
    # that took no turns would be over after a seventh of this.
    kept = len(starts) == len(targets) and starts[-1] - starts[0] >= pause * 7 / 2
    return Verdict(
        kept=kept and host.most_under_way <= 2,
        evidence=f"8 feeds due at once, {pause} s apart by configuration: over "
        f"{starts[-1] - starts[0]:.2f} s, at least {least:.2f} s apart, "
        f"{host.most_under_way} at most at once",
    )


@rule("Feeds made known at one moment drift apart", "fs: bunching")
async def drift(stage: Stage) -> Verdict:
    host = await stage.host()
    targets = [f"/{n}.xml" for n in range(24)]
    host.scripts = dict.fromkeys(targets, plain())
    async with stage.daemon(*map(host.url, targets)) as daemon:
        await daemon.live(DAY)
    last = [max(ask.at for ask in host.asked(target)) for target in targets]
    together = max(last.count(moment) for moment in last)
    return Verdict(
        kept=together <= len(targets) // 4,
        evidence=f"of 24 feeds at most {together} are asked in one tick after a day",
    )


@rule("Never two requests for one feed at a time", "fs: overlapping polls")
async def one_at_a_time(stage: Stage) -> Verdict:
    host = await stage.host()
    host.scripts["/feed.xml"] = lambda ask, _: Reply(body=rss(ask.at), after=0.3)
    async with stage.daemon(host.url("/feed.xml")) as daemon, daemon.run.crawler as crawler:
        for _ in range(5):
            crawler.poll(daemon.feeds)
            await asyncio.sleep(0.02)
    return Verdict(
        kept=host.most_under_way == 1 == len(host.asks),
        evidence=f"started 5 times within 0.3 s: {len(host.asks)} request",
    )
