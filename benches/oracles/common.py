"""What the translations share."""


class NotSupported(Exception):
    """The command line does not offer this, and says so."""


class Known(Exception):
    """The reference does something else on purpose; see the reason."""

    def __init__(self, family, reason):
        super().__init__(reason)
        self.family = family


def by_term(rows):
    return {row["term"]: row for row in rows}


def compare(expected, got, fields, rename=lambda term: term):
    """Numbers of two lists of estimates, matched by term. `fields` maps the reference's names to ours."""
    mine = by_term(got)
    numbers = []
    for row in expected:
        term = rename(row["term"])
        if term not in mine:
            numbers.append((f"{term} is missing", 0.0, None))
            continue
        for theirs, ours in fields.items():
            # p-values this small carry no information and underflow.
            if row.get(theirs) is None or theirs == "p" and row[theirs] < 1e-290:
                continue
            numbers.append((f"{term} {theirs}", row[theirs], mine[term][ours]))
    return numbers
