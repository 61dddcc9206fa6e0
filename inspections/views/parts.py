"""What the parts of an inspection's page need that are drawn by templates of their own."""


def detail_parts(request, inspection) -> dict:
    """The context of the talks, the opinion, the rectification and the consequences."""
    return {}
