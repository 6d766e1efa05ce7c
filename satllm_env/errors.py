"""The errors a user can cause, each one clear line."""


class InputError(ValueError):
    """Input that breaks its contract; the message names the file and the field.

    Args:
        source: where the value came from: a file name, a flag or an argument.
        field: the field at fault, in dotted form (``model.layers[3].flops``), or ``""``.
        problem: what is wrong with it.
    """

    def __init__(self, source: str, field: str, problem: str) -> None:
        self.source, self.field, self.problem = source, field, problem
        message = ": ".join(part for part in (source, field, problem) if part)
        super().__init__(" ".join(message.splitlines()))  # file names may hold line breaks


class NoPlanError(ValueError):
    """No plan exists for a problem: the destination is out of reach under its memory limits."""
