"""What the pages under /learn/ say of each step, above its consumer's source."""

from typing import TypedDict

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Chapter(TypedDict):
    title: str | Promise
    lead: list[str | Promise]  # paragraphs


CHAPTERS: dict[str, Chapter] = {
    "one": {
        "title": _("Step 1 · a sync consumer"),
        "lead": [
            _("A consumer is to a WebSocket what a view is to a request; it lives as long as the socket does."),
            _(
                "Each visitor's consumer joins a group when it connects. A ticker sends a word to the group every two "
                "seconds, and Channels calls the handler “word” of each member. A loop on connecting would do "
                "the same for one visitor, and keep everybody else out."
            ),
        ],
    },
    "two": {
        "title": _("Step 2 · an async consumer"),
        "lead": [
            _("An async consumer runs on the event loop, so thousands of them share one thread."),
            _(
                "The verbs stay the same, but Broadcast keeps the group: one subscription for the whole process, "
                "each frame encoded once and handed to every visitor. Start the server with FANOUT=channels to run "
                "the same consumer the ordinary way."
            ),
        ],
    },
    "threechat": {
        "title": _("Step 3 · groups"),
        "lead": [
            _(
                "A channel is a mailbox; a group is a set of mailboxes. A chat room is a group that anybody may "
                "send to."
            ),
            _(
                "Who somebody is comes from the session, never from what a frame says. A sender's mistake is "
                "answered with an error frame, and nobody else notices."
            ),
        ],
    },
}
