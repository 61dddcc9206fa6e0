def flow_sheet(round, issued=None) -> bytes:
    raise NotImplementedError


def review_record(round, issued=None) -> bytes:
    raise NotImplementedError
