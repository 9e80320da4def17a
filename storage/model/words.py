"""Words for what became of an entry, how, and why; the same in every column, count and line."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of an entry. Every entry has exactly one at any time."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"
    PENDING = "pending"


class Match(StrEnum):
    """How a duplicate matched the article it was folded into."""

    EXACT = "exact"
    NEAR = "near"
    CONTAINED = "contained"
    JOINED = "joined"


class TextSource(StrEnum):
    """Where an article's text was taken from."""

    PAGE = "page"
    FEED = "feed"


class Reason(StrEnum):
    """Why something happened: one vocabulary for logs, counts, columns and ``why``."""

    # polls that went well
    FETCHED = "fetched"
    NOT_MODIFIED = "not_modified"
    SAME_BODY = "same_body"
    PUSHED = "pushed"
    # polls that were not made
    ON_HOLD = "on_hold"
    RETIRED = "retired"
    # faults of the network
    BAD_URL = "bad_url"
    ADDRESS_REFUSED = "address_refused"
    DNS_FAILED = "dns_failed"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    DEADLINE = "deadline"
    PROTOCOL_ERROR = "protocol_error"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    BAD_REDIRECT = "bad_redirect"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    # answers that are refusals
    HTTP_NOT_FOUND = "http_not_found"
    HTTP_GONE = "http_gone"
    HTTP_FORBIDDEN = "http_forbidden"
    HTTP_TOO_MANY_REQUESTS = "http_too_many_requests"
    HTTP_CLIENT_ERROR = "http_client_error"
    HTTP_SERVER_ERROR = "http_server_error"
    HTTP_UNEXPECTED = "http_unexpected"
    ROBOTS_DISALLOWED = "robots_disallowed"
    ROBOTS_UNREACHABLE = "robots_unreachable"
    # faults of a document
    NOT_A_FEED = "not_a_feed"
    NOT_HTML = "not_html"
    WORKER_TIMEOUT = "worker_timeout"
    WORKER_CRASHED = "worker_crashed"
    INTERNAL_ERROR = "internal_error"
    # subscriptions to a hub
    ASKED = "asked"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    NOT_VERIFIED = "not_verified"
    LEASE_ENDED = "lease_ended"
    NOT_WANTED = "not_wanted"
    # rows of an import
    BAD_ROW = "bad_row"
    # what was decided of an entry
    WAITING = "waiting"
    NO_LINK = "no_link"
    NO_TEXT = "no_text"
    TAKEN_DOWN = "taken_down"
    NOT_AN_ARTICLE = "not_an_article"
    KNOWN_URL = "known_url"
    SAME_TEXT = "same_text"
    SAME_PASSAGES = "same_passages"
    SEEN_BEFORE = "seen_before"
    FIRST_SEEN = "first_seen"
    TEXT_CHANGED = "text_changed"
    NEWER_TEXT = "newer_text"
    EXACT_COPY = "exact_copy"
    NEAR_COPY = "near_copy"
    CONTAINED_COPY = "contained_copy"
    BETTER_ORIGINAL = "better_original"
    SHARED_COPY = "shared_copy"
    # what a person said, or a new look at all that is stored
    JOINED = "joined"
    SET_APART = "set_apart"
    REFOLDED = "refolded"
