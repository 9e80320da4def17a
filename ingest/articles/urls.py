"""URLs: one canonical form for each address, and the site it belongs to."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

import idna
from tld import get_fld
from w3lib.url import canonicalize_url

from ingest.articles.wrappers import unwrapped, without_amp

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ROUNDS: Final = 8
# Servlet containers write a visitor's session into the path (Java Servlet 3.0, section 7.1.3).
_SESSION: Final = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)

# Parameters that say where a reader came from, never which document is meant. Kept short on
# purpose: "id", "page", "source" or "s" do name documents on some sites.
_TRACKING_PREFIXES: Final = ("utm_", "mtm_", "pk_", "at_", "hsa_", "vero_", "oly_", "_hs", "itm_")
_TRACKING: Final = frozenset(
    {
        *("fbclid", "gclid", "gbraid", "wbraid", "dclid", "msclkid", "yclid", "ysclid", "twclid"),
        *("ttclid", "li_fat_id", "igshid", "igsh", "mc_cid", "mc_eid", "mkt_tok", "gclsrc"),
        *("_ga", "_gl", "cmpid", "cmp", "cid_source", "ns_mchannel", "ns_source", "ns_campaign"),
        *("ns_linkname", "ns_fee", "ref", "ref_src", "ref_url", "referrer", "referer", "xtor"),
        *("smid", "smtyp", "ftag", "wt_mc", "wtmc", "wt_zmc", "icid", "ncid", "ocid", "sr_share"),
        *("spm", "s_cid", "soc_src", "soc_trk", "guccounter", "guce_referrer"),
        *("guce_referrer_sig", "__twitter_impression", "wpisrc", "mbid", "partner_share"),
        *("gad_source", "gad_campaignid", "srsltid", "_openstat", "s_kwcid", "rb_clickid", "epik"),
        *("fb_action_ids", "fb_action_types", "fb_ref", "fb_source", "ss_source", "ss_campaign_id"),
        *("amp_js_v", "amp_gsa", "amp_latest_update_time", "usqp"),
        *("wickedid", "_branch_match_id", "_branch_referrer", "phpsessid", "jsessionid"),
    }
)
_AMP: Final = frozenset({("amp", ""), ("amp", "1"), ("amp", "true"), ("outputtype", "amp")})


@lru_cache(maxsize=4096)  # each address is asked for several times on its way to a commit
def canonical_url(url: str) -> str:
    """Return the canonical form of an http(s) URL; idempotent, and never fails.

    Scheme and host in lower case, international names in punycode (UTS 46), dot segments
    resolved, percent-encoding normalised, the query sorted (RFC 3986 section 6, by ``w3lib``);
    default ports, fragments, user names, tracking parameters, session ids and the marks of AMP
    (``?amp=1``, ``?outputType=amp``, and at the end of an article's path) dropped; redirectors
    and AMP caches that hold their target taken off (``ingest.articles.wrappers``). What is no
    http(s) URL comes back stripped.
    """
    stripped = url.strip()
    current = unwrapped(stripped)
    for _ in range(_ROUNDS):  # decoding one layer may uncover another: go on to the fixed point
        following = _canonical_once(current)
        if following is None:
            return stripped
        if following == current:
            return current
        current = following
    return stripped


def _canonical_once(url: str) -> str | None:
    parts = _split(url)
    if parts is None:
        return None
    kept = "&".join(pair for pair in parts.query.split("&") if pair and not _is_tracking(pair))
    path = without_amp(_SESSION.sub("", parts.path))
    bare = urlunsplit((parts.scheme, _authority(parts), path, kept, ""))
    try:
        return unwrapped(str(canonicalize_url(bare)).strip())
    except ValueError:
        return None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _DEFAULT_PORTS and bool((parts.hostname or "").strip("."))
        _ = parts.port
    except ValueError:
        return None
    return parts if usable else None


def _authority(parts: SplitResult) -> str:
    name = _ascii((parts.hostname or "").rstrip("."))
    host = f"[{name}]" if ":" in name else name
    if parts.port is None or parts.port == _DEFAULT_PORTS[parts.scheme]:
        return host
    return f"{host}:{parts.port}"


def _ascii(name: str) -> str:
    """Return an international name as it is looked up: UTS 46, non-transitional, as browsers do."""
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii").rstrip(".")
    except idna.IDNAError:  # a name no registry gives out; w3lib reads it by the older rules
        return name


def _is_tracking(pair: str) -> bool:
    name, value = (parse_qsl(pair, keep_blank_values=True, max_num_fields=1) or [("", "")])[0]
    key = name.casefold()
    return key in _TRACKING or key.startswith(_TRACKING_PREFIXES) or (key, value.casefold()) in _AMP


def is_amp_address(url: str) -> bool:
    """Tell whether an address bears a mark of AMP that its canonical form does not."""
    parts = _split(url)
    if parts is None:
        return False
    pairs = parse_qsl(parts.query.casefold(), keep_blank_values=True)
    return without_amp(parts.path) != parts.path or not _AMP.isdisjoint(pairs)


def site_of(url: str) -> str:
    """Return the site of a URL: the registrable domain, by the Public Suffix List.

    For addresses, ``localhost`` and names under no public suffix it is the host, with its port
    unless that is the scheme's default. Empty for what is no http(s) URL.
    """
    canonical = canonical_url(url)
    parts = _split(canonical)
    if parts is None:
        return ""
    domain = get_fld(canonical, fail_silently=True, search_private=True)
    return domain.lower() if domain else _authority(parts)


def host_of(url: str) -> str:
    """Return the host of a URL without ``www.``, with its port unless that is the default.

    >>> host_of("https://www.example.org/a")
    'example.org'
    """
    parts = _split(canonical_url(url))
    return "" if parts is None else _authority(parts).removeprefix("www.")


def same_site(a: str, b: str) -> bool:
    """Tell whether two URLs belong to the same site (see ``site_of``)."""
    site = site_of(a)
    return bool(site) and site == site_of(b)


def is_front_page(url: str) -> bool:
    """Tell whether a URL is its host's front page: no path and no query."""
    parts = _split(canonical_url(url))
    return parts is not None and parts.path in {"", "/"} and not parts.query
