"""``newsfold config``: is the configuration right, and what does it come to."""

import io
from dataclasses import asdict

import click
from ruamel.yaml import YAML

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.cli.output.feeds import feed_record, retention
from ingest.config import Config, WebSubSettings
from ingest.config.quantities import format_duration
from ingest.errors import ConfigError
from ingest.text import clean_text


@click.group()
def command() -> None:
    """Check the configuration, or show what it comes to."""


@command.command(short_help="List every mistake, or say that there is none.")
@click.pass_obj
def check(context: Context) -> None:
    """Say whether the configuration is right; else list every mistake with its line and exit 2."""
    try:
        config = context.load_config()
    except ConfigError as error:
        if context.as_json:
            say.emit_json({"ok": False, "feeds": None, "problems": list(error.problems)})
        else:
            for problem in error.problems:
                click.echo(clean_text(problem), err=True)
        raise click.exceptions.Exit(error.exit_code) from None
    if context.as_json:
        say.emit_json({"ok": True, "feeds": len(config.feeds), "problems": []})
    else:
        feeds = say.plural(len(config.feeds), "feed")
        context.records.print(f"{context.config_path}: fine, {feeds}", soft_wrap=True)
    if config.fetch.contact is None:
        say.note(
            context,
            "fetch.contact is not set: with a page or an e-mail address of yours in it, "
            "a site's owner can write to you instead of blocking you",
        )


@command.command(short_help="Print the configuration with all defaults filled in.")
@click.pass_obj
def show(context: Context) -> None:
    """Print the configuration with all defaults filled in, as YAML or, with --json, as JSON.

    The YAML is itself a configuration that means the same.
    """
    values = effective(context.load_config())
    if context.as_json:
        say.emit_json(values)
        return
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(values, stream)
    click.echo(clean_text(stream.getvalue()), nl=False)


def effective(config: Config) -> dict[str, object]:
    """Return a configuration in the form of ``feeds.yml``, with nothing left out."""
    fetch, dedup = config.fetch, config.dedup
    return {
        "data": str(config.data),
        "archive": config.archive,
        "polling": {
            "min_interval": format_duration(config.polling.min_interval),
            "max_interval": format_duration(config.polling.max_interval),
        },
        "fetch": {
            "contact": fetch.contact,
            "allow_networks": [str(network) for network in fetch.allow_networks],
            "per_host": {
                "concurrency": fetch.per_host.concurrency,
                "delay": format_duration(fetch.per_host.delay),
            },
            "concurrency": fetch.concurrency,
            "deadline": format_duration(fetch.deadline),
            "connect_timeout": format_duration(fetch.connect_timeout),
            "max_bytes": fetch.max_bytes,
            "max_redirects": fetch.max_redirects,
            "robots": {"pages": fetch.robots_for_pages, "feeds": fetch.robots_for_feeds},
            "proxy": fetch.proxy,
        },
        "dedup": {
            "enabled": dedup.enabled,
            "window": format_duration(dedup.window),
            "near_window": format_duration(dedup.near_window),
            "containment": dedup.containment,
            "late_containment": dedup.late_containment,
            "lead": dedup.lead,
            "min_numbers": dedup.min_numbers,
            "numbers": dedup.numbers,
            "numbers_if_sure": dedup.numbers_if_sure,
            "headlines": dedup.headlines,
            "languages": {
                language: {name: it for name, it in asdict(own).items() if it is not None}
                for language, own in dedup.languages.items()
            },
            "keep_text": dedup.keep_text,
        },
        "workers": {
            "count": config.workers.count,
            "timeout": format_duration(config.workers.timeout),
            "memory": f"{config.workers.memory_mb}MB",
        },
        "extract": {"markdown": config.extract.markdown},
        "flush": {"rows": config.flush.rows, "every": format_duration(config.flush.every)},
        "retry": {
            "attempts": config.retry.attempts,
            "backoff": format_duration(config.retry.backoff),
        },
        "daemon": {"tick": format_duration(config.daemon.tick)},
        "store": {"retention": retention(config.store.retention)},
        "websub": {"callback": config.websub.callback, "listen": listening(config.websub)},
        "sites": {
            rules.host: {
                name: path for name, path in asdict(rules).items() if name != "host" and path
            }
            for rules in config.sites
        },
        "feeds": [feed_record(feed) for feed in config.feeds],
    }


def listening(websub: WebSubSettings) -> str:
    """Return the address that the daemon listens at in the form of ``feeds.yml``."""
    host, port = websub.listen
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
