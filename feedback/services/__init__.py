"""The one door to complaints and reports.

complaint, code = services.receive(content=…, sender=…, files=…)      # from the public; with actor= by hand
services.accept(actor=…, complaint=…, turn=…)
"""

from feedback.services.handling import accept, answer, close, handle, investigate, place, refuse, reopen
from feedback.services.naming import add_about, add_named, end_about, end_named, view_sender
from feedback.services.receiving import Content, SenderFacts, receive

__all__ = [
    "Content", "SenderFacts", "accept", "add_about", "add_named", "answer", "close", "end_about", "end_named", "handle",
    "investigate", "place", "receive", "refuse", "reopen", "view_sender",
]  # fmt: skip
