"""Printed text as a terminal would show it in the end, in an order that does not vary."""

import re

from nbformat import NotebookNode

CHATTER = re.compile(
    r"^(?:WARNING: All log messages before absl::InitializeLog\(\) .*"
    r"|[IW]\d{4} [\d:.]+ +\d+ \S+\.\w+:\d+\] .*)\n?",
    re.MULTILINE,
)
"""Notes and warnings of TensorFlow's C++ log, with clock and process number in each line.

TensorFlow 2.21 writes them at import whatever TF_CPP_MIN_LOG_LEVEL says; errors are kept.
"""


def settled(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs with each run of printed text merged, stdout before stderr.

    Between two rich outputs (figures, tables) the kernel delivers text in pieces whose number and
    interleaving depend on timing; merged, the same run gives the same notebook. TensorFlow's
    start-up chatter (``CHATTER``) is left out.
    """
    result: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in [*outputs, None]:
        if output is not None and output.output_type == "stream":
            if output.name in streams:
                streams[output.name].text += output.text
            else:
                streams[output.name] = output
            continue
        for name in sorted(streams, reverse=True):
            text = as_shown(streams[name].text)
            streams[name].text = CHATTER.sub("", text) if name == "stderr" else text
            if streams[name].text:
                result.append(streams[name])
        streams = {}
        if output is not None:
            result.append(output)
    return result


def as_shown(text: str) -> str:
    """``text`` after carriage returns and backspaces took effect: a progress bar's last state.

    Linear in the text; nbclient's own expression is quadratic in the longest line.
    """
    if "\r" not in text and "\b" not in text:
        return text
    return "\n".join(_line_as_shown(line) for line in text.split("\n"))


def _line_as_shown(line: str) -> str:
    line = line.rstrip("\r").rpartition("\r")[2]
    if "\b" not in line:
        return line
    shown: list[str] = []
    for character in line:
        if character != "\b":
            shown.append(character)
        elif shown:
            shown.pop()
    return "".join(shown)
