"""Who publishes what, in which format and encoding, and where: the newsroom's own world.

Every name, place and event is invented. An article's words stand in ``copy/``, a page's make
in ``templates/``; here they are put together, with everything that goes wrong on the web.
"""

from ingest.demo.outlet import Damage, Fate, Format, Item, Outlet, Pointer

MERIDIAN = Outlet(
    id="meridian",
    name="Meridian Press Agency",
    language="en",
    format=Format.RSS20,
    feed_path="/wire/rss.xml",
    template="agency.html",
    tags=("wire", "english"),
    full_text=True,
    disallow="/clients/",
    items=(
        Item(copy="bridge", path="/wire/transport/port-varrow-lift-bridge", hours=9),
        Item(copy="water", path="/wire/environment/sennet-accord", hours=8),
        Item(copy="cable", path="/wire/science/dunmere-cable", hours=20),
    ),
)

HARBOUR = Outlet(
    id="harbour-gazette",
    name="The Harbour Gazette",
    language="en",
    format=Format.ATOM10,
    feed_path="/feeds/latest.atom",
    template="broadsheet.html",
    tags=("daily", "english"),
    gzip=True,
    disallow="/search",
    items=(
        Item(copy="bridge-gazette", path="/city/lift-bridge-open-again", hours=6.5),
        Item(
            copy="heating",
            path="/city/schools-close-boilers",
            hours=5,
            second="heating.2",
            bumped=True,
        ),
        Item(
            copy="lighthouse",
            path="/weekend/skerry-light-museum",
            hours=27,
            amp_path="/weekend/skerry-light-museum/amp",
        ),
        Item(copy="harbour-plan", path="/city/harbour-plan", hours=50, fate=Fate.NOT_FOUND),
    ),
)

TIDEWATER = Outlet(
    id="tidewater-tribune",
    name="Tidewater Tribune",
    language="en",
    format=Format.RSS20,
    feed_path="/feed",
    template="weblog.html",
    tags=("daily", "english"),
    disallow="/members/",
    items=(
        Item(copy="ferry-night", path="/archives/20417", hours=0.5, since=2),
        Item(copy="bridge-tribune", path="/archives/20411", hours=5.5),
        Item(copy="water-tribune", path="/archives/20412", hours=4.5),
        Item(copy="oysters", path="/archives/20398", hours=22),
        Item(copy="harbour-plan", path="/members/harbour-plan", hours=23, fate=Fate.DISALLOWED),
        Item(
            copy="surfers",
            path="/archives/19002",
            hours=90,
            headline="The Bishop of Gannet Head",
            fate=Fate.GONE,
        ),
    ),
)

NORTHLINE = Outlet(
    id="northline",
    name="Northline",
    language="en",
    format=Format.JSON11,
    feed_path="/feed.json",
    template="app.html",
    tags=("online", "english"),
    full_text=True,
    items=(
        Item(
            copy="cable",
            path="/story/8f31c2-lost-telegraph-cable",
            hours=17,
            headline="Ship stumbles on telegraph cable lost since 1894",
        ),
        Item(copy="water-brief", path="/brief/5c2e90-sennet-accord", hours=7.5),
        Item(copy="turnout", path="/story/a90b17-night-trains-vote", hours=11, second="turnout.2"),
        Item(copy="telescope", path="/story/77e0d4-lamps-out-for-telescope", hours=30),
    ),
)

SALINES = Outlet(
    id="courrier-salines",
    name="Le Courrier des Salines",
    language="fr",
    format=Format.RSS20,
    feed_path="/rss/une.xml",
    template="regional.html",
    tags=("daily", "french"),
    feed_encoding="ISO-8859-1",
    page_encoding="ISO-8859-1",
    utc_offset=1,
    permalinks=True,
    disallow="/abonnes/",
    items=(
        Item(copy="sel", path="/economie/paludiers-recolte-de-sel.html", hours=7),
        Item(copy="cloche", path="/faits-divers/cloche-mesnil-verac.html", hours=13),
    ),
)

TAGEBLATT = Outlet(
    id="valdruner-tageblatt",
    name="Valdruner Tageblatt",
    language="de",
    format=Format.ATOM10,
    feed_path="/atom.xml",
    template="tageblatt.html",
    tags=("daily", "german"),
    utc_offset=1,
    disallow="/suche",
    items=(
        Item(copy="kraftwerk", path="/wirtschaft/wasserkraftwerk-lohmuehle", hours=6),
        Item(copy="archiv", path="/kultur/vergessene-briefe", hours=15),
        Item(
            copy="seilbahn",
            path="/region/seilbahn-hoher-steig",
            hours=10,
            linked="/artikel/20481",
            fate=Fate.MOVED,
        ),
    ),
)

VESTNIK = Outlet(
    id="zarechye-vestnik",
    name="Заречинский вестник",
    language="ru",
    format=Format.RSS20,
    feed_path="/export/rss.xml",
    template="vestnik.html",
    tags=("daily", "russian"),
    feed_encoding="windows-1251",
    page_encoding="windows-1251",
    charset_header=False,
    utc_offset=3,
    items=(
        Item(copy="most", path="/news.php?id=5121", hours=4),
        Item(copy="biblio", path="/news.php?id=5098", hours=29),
    ),
)

SHIOMI = Outlet(
    id="shiomi-shimpo",
    name="汐見新報",
    language="ja",
    format=Format.RSS10,
    feed_path="/index.rdf",
    template="shimpo.html",
    tags=("daily", "japanese"),
    page_encoding="Shift_JIS",
    charset_header=False,
    utc_offset=9,
    permalinks=True,
    items=(
        Item(copy="hotaru", path="/chiiki/hotaru.html", hours=7.5),
        Item(copy="kombu", path="/keizai/kombu.html", hours=18),
    ),
)

LIRIO = Outlet(
    id="diario-lirio",
    name="El Diario de Puerto Lirio",
    language="es",
    format=Format.RSS20,
    feed_path="/rss",
    template="diario.html",
    tags=("daily", "spanish"),
    utc_offset=1,
    permalinks=True,
    damage=Damage.MALFORMED,
    disallow="/buscar",
    items=(
        Item(copy="mercado", path="/ciudad/mercado-flotante-flores", hours=12),
        Item(copy="relojeros", path="/cultura/relojeros-de-la-sierra", hours=26),
    ),
)

WEATHER = Outlet(
    id="sennet-weather",
    name="Sennet Valley Weather Service",
    language="en",
    format=Format.ATOM10,
    feed_path="/bulletins.atom",
    template="bulletin.html",
    tags=("service", "english"),
    items=(
        Item(copy="weather-2", path="/bulletins/friday", hours=3),
        Item(copy="weather-1", path="/bulletins/thursday", hours=27),
    ),
)

COAST = Outlet(
    id="coast-tv",
    name="Coast TV",
    language="en",
    format=Format.RSS20,
    feed_path="/rss/news",
    template="broadcaster.html",
    tags=("television", "english"),
    disallow="/player/",
    items=(
        Item(copy="bridge-coast", path="/news/2204", hours=0.75, since=2),
        Item(copy="water-coast", path="/news/2198", hours=3.5),
        Item(copy="surfers", path="/news/2190", hours=25),
        Item(copy="gallery", path="/pictures/2187", hours=26, fate=Fate.SLOW),
        Item(copy="liveblog", path="/live/2201", hours=2, fate=Fate.OVERSIZED),
    ),
)

DIGEST = Outlet(
    id="quayside-digest",
    name="Quayside Digest",
    language="en",
    format=Format.RSS20,
    feed_path="/digest.xml",
    template="agency.html",
    tags=("aggregator", "english"),
    pointers=(
        Pointer(
            outlet="harbour-gazette",
            copy="lighthouse",
            suffix="?utm_source=quayside&utm_medium=rss&utm_campaign=weekend#comments",
            guid="quayside-1",
        ),
        Pointer(
            outlet="harbour-gazette",
            copy="lighthouse",
            suffix="/amp",
            guid="quayside-2",
        ),
        Pointer(
            outlet="valdruner-tageblatt",
            copy="kraftwerk",
            suffix="?fbclid=IwAR0demo7Quayside",
            guid="quayside-3",
        ),
    ),
)

EVENING = Outlet(
    id="evening-post",
    name="Lowmarsh Evening Post",
    language="en",
    format=Format.RSS20,
    feed_path="/rss.xml",
    template="agency.html",
    tags=("daily", "english"),
    damage=Damage.ERROR_PAGE,
)

OUTLETS: tuple[Outlet, ...] = (
    MERIDIAN,
    HARBOUR,
    TIDEWATER,
    NORTHLINE,
    SALINES,
    TAGEBLATT,
    VESTNIK,
    SHIOMI,
    LIRIO,
    WEATHER,
    COAST,
    DIGEST,
    EVENING,
)

_BY_ID = {outlet.id: outlet for outlet in OUTLETS}


def outlet_of(outlet_id: str) -> Outlet:
    """Return the outlet with this id.

    Raises:
        KeyError: There is none.
    """
    return _BY_ID[outlet_id]
