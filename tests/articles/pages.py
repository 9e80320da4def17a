"""Page templates with news texts put into them, for the tests of this folder."""

from collections.abc import Sequence
from html import escape

FORM = """
<p class="comment-notes"><span id="email-notes">Your email address will not be published.</span>
<span class="required-field-message">Required fields are marked <span>*</span></span></p>
<p><label for="comment">Comment *</label> <textarea id="comment" name="comment"></textarea></p>
<p><label for="author">Name *</label> <input id="author" name="author"></p>
<p><label for="email">Email *</label> <input id="email" name="email"></p>
<p><input type="checkbox" id="keep"> <label for="keep">Save my name, email, and website in this
browser for the next time I comment.</label></p>
<p><input type="submit" value="Post Comment"></p>"""

RESPOND = f"""<div id="respond" class="comment-respond">
<h3 id="reply-title" class="comment-reply-title">Leave a Reply <small><a href="#">Cancel reply</a>
</small></h3><form action="/wp-comments-post.php" method="post" id="commentform"
class="comment-form">{FORM}</form></div>"""

BARE_FORM = f"""<h3>Leave a Reply</h3><form action="/post" method="post">{FORM}</form>"""

PLAIN_WORDS = """<p>Leave a Reply</p>
<p>Your email address will not be published. Required fields are marked *</p>"""

RENAMED = f"""<section class="discussion"><h2>Leave a Comment</h2>
<p>Your email address will not be published. Required fields are marked *</p>
<form class="x-form-12" method="post">{FORM}</form></section>"""

NAVIGATION = """<header><nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li>
<li><a href="/sport">Sport</a></li><li><a href="/politics">Politics</a></li></ul></nav></header>"""

SIDEBAR = """<aside class="sidebar widget-area"><h2>Recent Posts</h2><ul>
<li><a href="/1">Council approves budget after long night of talks</a></li>
<li><a href="/2">Local team wins the cup for the third time in a row</a></li></ul></aside>"""


def paragraphs_html(texts: Sequence[str]) -> str:
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts)


def page(content: str, *, title: str = "A headline of some length", head: str = "") -> bytes:
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<title>{escape(title)}</title>{head}</head><body class="post-template single">{NAVIGATION}
{content}
<footer class="site-footer"><p>© 2026 The Example Gazette. All rights reserved.</p>
<a href="/privacy">Privacy</a></footer></body></html>""".encode()


def form_inside_article(body: str, form: str) -> str:
    return f"""<div id="page"><main id="main"><article class="post type-post">
<header class="entry-header"><h1 class="entry-title">A headline of some length</h1>
<span class="posted-on"><time datetime="2022-07-01T10:00:00+00:00">July 1, 2022</time></span>
</header><div class="entry-content">{body}</div>{form}</article></main>{SIDEBAR}</div>"""


def form_inside_text(body: str, form: str) -> str:
    return f"""<div id="content"><div class="post"><h1>A headline of some length</h1>
<div class="entry-content">{body}{form}</div></div>{SIDEBAR}</div>"""


def block_theme(body: str, form: str) -> str:
    return f"""<div class="wp-site-blocks"><main class="wp-block-group">
<h1 class="wp-block-post-title">A headline of some length</h1>
<div class="entry-content wp-block-post-content is-layout-flow">{body}</div>
<div class="wp-block-comments">{form}</div></main></div>"""


def old_table(body: str, form: str) -> str:
    return f"""<table width="100%"><tr><td class="menu"><a href="/a">Archive</a></td>
<td class="story"><h1>A headline of some length</h1>{body}{form}</td></tr></table>"""


def page_builder(body: str, form: str) -> str:
    return f"""<div class="elementor"><div class="elementor-section"><div
class="elementor-widget-theme-post-title"><h1>A headline of some length</h1></div>
<div class="elementor-widget-theme-post-content"><div class="elementor-widget-container">{body}
</div></div><div class="elementor-widget-post-comments">{form}</div></div></div>"""


TEMPLATES = (form_inside_article, form_inside_text, block_theme, old_table, page_builder)
FORMS = {
    "respond": RESPOND,
    "bare form": BARE_FORM,
    "plain words": PLAIN_WORDS,
    "renamed": RENAMED,
}
