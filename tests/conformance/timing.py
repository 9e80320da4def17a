"""Rules on when to come: never too early, not after a restart either."""

import random
from datetime import datetime, timedelta
from itertools import pairwise

from tests.conformance.judge import START, Ask, Judge, Reply, Script, http_date
from tests.conformance.stage import TICK, Stage, Verdict, rss, rule, spoken

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
FLOOR = timedelta(minutes=5)


def busy(*fields: tuple[str, str], head: str = "") -> Script:
    """Answer as a feed that has a new entry every minute, with these fields."""

    def script(ask: Ask, before: int) -> Reply:
        body = rss(ask.at, every=timedelta(minutes=1), head=head)
        return Reply(headers=[("ETag", f'"{before}"'), *fields], body=body)

    return script


async def _watched(
    stage: Stage, script: Script, *, duration: timedelta = DAY, restarts: int = 0
) -> Judge:
    host = await stage.host()
    host.scripts["/feed.xml"] = script
    async with stage.daemon(host.url("/feed.xml")) as daemon:
        for _ in range(restarts):
            await daemon.live(duration / (restarts + 1))
            await daemon.kill()
        await daemon.live(duration / (restarts + 1))
    return host


def _never_under(host: Judge, least: timedelta, duration: timedelta = DAY) -> Verdict:
    gaps = host.gaps("/feed.xml")
    told = f"asked {len(gaps) + 1} times in {spoken(duration)}"
    return Verdict(
        kept=bool(gaps) and min(gaps) >= least,
        evidence=f"{told}, never within {spoken(min(gaps))}" if gaps else told,
    )


@rule("However busy the feed, never more than once in 5 minutes", "w/2023/01/18: not every minute")
async def floor(stage: Stage) -> Verdict:
    return _never_under(await _watched(stage, busy()), FLOOR)


@rule("A restart asks nobody early", "fs: startup polling")
async def restarts(stage: Stage) -> Verdict:
    undisturbed = await _watched(stage, busy(("Cache-Control", "max-age=5400")), duration=3 * DAY)
    stage.clock.now = START
    chance = random.Random(1)
    host = await stage.host()
    host.scripts["/feed.xml"] = busy(("Cache-Control", "max-age=5400"))
    kills = 0
    async with stage.daemon(host.url("/feed.xml")) as daemon:
        while stage.clock.now < START + 3 * DAY:
            await daemon.live(timedelta(minutes=chance.uniform(10, 600)))
            await daemon.kill()
            kills += 1
    end = START + 3 * DAY
    times = [
        [ask.at for ask in one.asked("/feed.xml") if ask.at <= end] for one in (undisturbed, host)
    ]
    shared = min(map(len, times))
    off = max(abs(a - b) for a, b in zip(times[0][:shared], times[1][:shared], strict=True))
    gap = min(host.gaps("/feed.xml"))
    return Verdict(
        kept=off <= TICK * shared and gap >= timedelta(minutes=90),
        evidence=f"killed {kills} times in 3 days: {len(times[1])} requests, "
        f"undisturbed {len(times[0])}; never within {spoken(gap)}",
    )


@rule("Cache-Control: max-age is waited for", "RFC 9111 5.2.2.1; fs help")
async def max_age(stage: Stage) -> Verdict:
    return _never_under(await _watched(stage, busy(("Cache-Control", "max-age=7200"))), 2 * HOUR)


@rule("A 304 does not drop max-age", "RFC 9111 4.3.4")
async def max_age_in_304(stage: Stage) -> Verdict:
    def script(ask: Ask, before: int) -> Reply:
        if before % 4:
            return Reply(status=304)
        fields = [("ETag", '"1"'), ("Cache-Control", "max-age=7200")]
        return Reply(headers=fields, body=rss(ask.at, every=timedelta(minutes=1)))

    return _never_under(await _watched(stage, script), 2 * HOUR)


@rule("Expires is waited for", "RFC 9111 5.3")
async def expires(stage: Stage) -> Verdict:
    def script(ask: Ask, before: int) -> Reply:
        fields = [("Expires", http_date(ask.at + 3 * HOUR))]
        return Reply(
            headers=[("ETag", f'"{before}"'), *fields],
            body=rss(ask.at, every=timedelta(minutes=1)),
        )

    return _never_under(await _watched(stage, script), 3 * HOUR)


@rule("The feed's own ttl is waited for", "RSS 2.0, ttl")
async def ttl(stage: Stage) -> Verdict:
    return _never_under(await _watched(stage, busy(head="<ttl>180</ttl>")), 3 * HOUR)


@rule("The feed's own update period is waited for", "RSS 1.0, syndication module")
async def update_period(stage: Stage) -> Verdict:
    head = "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>6</sy:updateFrequency>"
    return _never_under(await _watched(stage, busy(head=head)), 4 * HOUR)


@rule("No request in the hours and on the days the feed skips", "RSS 2.0, skipHours, skipDays")
async def skips(stage: Stage) -> Verdict:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(7))
    head = f"<skipHours>{hours}</skipHours><skipDays><day>Sunday</day></skipDays>"
    host = await _watched(stage, busy(head=head), duration=7 * DAY)
    later = host.asked("/feed.xml")[1:]
    wrong = [ask for ask in later if ask.at.hour in range(7) or ask.at.weekday() == 6]
    return Verdict(
        kept=len(later) > 6 and not wrong,
        evidence=f"{len(later)} requests in 7 days, {len(wrong)} of them at night or on a Sunday",
    )


def _refusing(status: int, wait: str, *, date: datetime | None = None) -> Script:
    """Refuse the third request with a ``Retry-After``."""

    def script(ask: Ask, before: int) -> Reply:
        if before == 2:
            return Reply(status=status, headers=[("Retry-After", wait)], date=date)
        return busy()(ask, before)

    return script


async def _refused(stage: Stage, script: Script, *, restart: bool) -> tuple[Judge, Judge, datetime]:
    """Two feeds of one host, one of another; the first is refused once. Returns when, too."""
    host, other = await stage.host(), await stage.host()
    host.scripts |= {"/feed.xml": script, "/second.xml": busy()}
    other.scripts["/feed.xml"] = busy()
    urls = (host.url("/feed.xml"), host.url("/second.xml"), other.url("/feed.xml"))
    async with stage.daemon(*urls) as daemon:
        for _ in range(12):
            await daemon.live(timedelta(minutes=20))
            if restart:
                await daemon.kill()
    return host, other, host.asked("/feed.xml")[2].at


def _between(host: Judge, since: datetime, wait: timedelta) -> int:
    return sum(since < ask.at < since + wait for ask in host.asks)


@rule(
    "429 with Retry-After in seconds holds the host, restarts or not", "RFC 6585 4; RFC 9110 10.2.3"
)
async def too_many(stage: Stage) -> Verdict:
    host, other, at = await _refused(stage, _refusing(429, "5400"), restart=True)
    wait = timedelta(seconds=5400)
    early, elsewhere = _between(host, at, wait), _between(other, at, wait)
    after = sum(ask.at >= at + wait for ask in host.asks)
    return Verdict(
        kept=not early and elsewhere > 3 and after > 1,
        evidence=f"killed every 20 min: {early} requests in 90 min, {elsewhere} elsewhere",
    )


@rule("Retry-After as a date counts by the server's clock", "RFC 9110 10.2.3, 6.6.1")
async def retry_date(stage: Stage) -> Verdict:
    # The server's clock is three hours fast, and so is the date it asks for.
    def script(ask: Ask, before: int) -> Reply:
        if before == 2:
            fast = ask.at + 3 * HOUR
            return Reply(status=429, headers=[("Retry-After", http_date(fast + HOUR))], date=fast)
        return busy()(ask, before)

    host, _, at = await _refused(stage, script, restart=False)
    early = _between(host, at, HOUR)
    back = min((ask.at for ask in host.asks if ask.at > at), default=None)
    return Verdict(
        kept=not early and back is not None and back < at + 2 * HOUR,
        evidence=f"{early} requests within the hour; the next after "
        f"{spoken(back - at) if back else 'never'}",
    )


@rule("503 with Retry-After holds the feed, not its neighbours", "RFC 9110 15.6.4, 10.2.3")
async def unavailable(stage: Stage) -> Verdict:
    host, _, at = await _refused(stage, _refusing(503, "5400"), restart=True)
    wait = timedelta(seconds=5400)
    early = [ask.target for ask in host.asks if at < ask.at < at + wait]
    return Verdict(
        kept="/feed.xml" not in early and early.count("/second.xml") > 3,
        evidence=f"in 90 min: the feed 0 times, its neighbour {early.count('/second.xml')} times"
        if "/feed.xml" not in early
        else "asked too early",
    )


@rule("A feed that is not found is asked ever less, and never forgotten", "fs: 404s")
async def not_found(stage: Stage) -> Verdict:
    host = await _watched(stage, lambda *_: Reply(status=404), duration=21 * DAY)
    gaps = host.gaps("/feed.xml")
    growing = all(b >= a - TICK for a, b in pairwise(gaps[:5]))
    kept = growing and gaps[0] >= FLOOR and max(gaps) > 12 * HOUR and gaps[-1] < 9 * DAY
    return Verdict(
        kept=kept and len(gaps) < 40,
        evidence=f"{len(gaps) + 1} requests in 21 days: "
        f"{', '.join(spoken(gap) for gap in gaps[:6])} … {spoken(gaps[-1])} apart",
    )


@rule("A feed that is gone is asked no more, restarts or not", "RFC 9110 15.5.11")
async def gone(stage: Stage) -> Verdict:
    host = await _watched(stage, lambda *_: Reply(status=410), duration=30 * DAY, restarts=3)
    asks = len(host.asked("/feed.xml"))
    return Verdict(kept=asks == 1, evidence=f"asked {asks} times in 30 days and 4 lives")
