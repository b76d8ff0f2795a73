"""Every error that labcode raises on purpose: what happened, where, and what to do about it."""


class LabcodeError(Exception):
    """Base class; the command line prints it without a traceback and exits with status 1."""


class DataError(LabcodeError):
    """A data set is missing, damaged, or cannot be written."""


class WeightsError(LabcodeError):
    """A weights file or folder is missing, has the wrong shapes, or cannot be written."""


class RecipeError(LabcodeError):
    """A training recipe asks for something that does not exist or contradicts itself."""


class DeviceError(LabcodeError):
    """A device was asked for that this machine does not have."""


class ChapterError(LabcodeError):
    """A chapter's source is malformed; the message begins with ``file:line``."""


class ExecutionError(LabcodeError):
    """A chapter's notebook did not run to its end."""


class AgreementError(LabcodeError):
    """The two frameworks recorded values that do not agree."""


class TrainingError(LabcodeError):
    """A training run went wrong, for instance its loss is no longer a finite number."""


class DownloadError(LabcodeError):
    """A file cannot be offered for download: it is missing, a folder, or too large."""


class QuantisationError(LabcodeError):
    """Values cannot be put on a grid of integers: not finite, negative, or too many bits."""


class EnergyError(LabcodeError):
    """A meter's counter stood still or can no longer be read."""


class TurnInError(LabcodeError):
    """A turn-in folder is not fit to be packed."""


class ProfileError(LabcodeError):
    """A profile lacks layers or counts time twice, or a trace cannot be read."""


class ExperimentError(LabcodeError):
    """An experiment's record or result is not what it must be, or a study cannot be run."""
