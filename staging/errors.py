"""Everything that can go wrong, named for what happened to the person.

Each error is one line fit to show: what happened, to what, and what to do.

StagingError
├── SettingsRefused        the environment holds a setting that cannot be used
├── DataFolderBusy         another process holds the data folder
├── LedgerDamaged          the ledger file cannot be opened as it is
├── LedgerUnavailable      the open ledger cannot be read or written now
├── EventRefused           an event does not follow the prediction's last one
│   └── AlreadyAdopted     the provider's prediction belongs to another of ours
├── UnknownModel           no such model is registered
├── PromptsRefused         a prompt book that cannot be used, with the faulty place
├── ParametersRefused      a model's parameters are out of its limits
├── OpeningsRefused        outlines of doors and windows that cannot be used, or suggested
├── PricesRefused          a price or a rate that cannot be kept
├── BillRefused            a provider's bill that cannot be read, with the faulty line
├── ConfirmationNeeded     a run that may cost much, which nobody has confirmed
├── BudgetExceeded         a run that a hard budget has too little left for
├── BudgetRefused          a budget that makes no sense
├── VoteRefused            a vote that makes no sense, or the second one on a pair
├── BallotsRefused         votes that cannot be rated
│   └── GroupsNeverMet     votes that leave models without any chain of comparisons between them
├── ThresholdsRefused      thresholds on automatic scores that make no sense
├── ExperimentRefused      an experiment that makes no sense, or a step it cannot take now
├── UploadRejected         a file did not pass the door for pictures
├── RoomRefused            a room that the offline stager cannot furnish
├── NotAllowed             a role lacks the permission for what was asked
│   ├── SignInNeeded       nobody is signed in, or the sign-in is over
│   └── Stranger           somebody is signed in who has no role
├── PeopleRefused          people and roles that cannot be kept
├── KeyRefused             an API key that cannot be made
├── TooManyRequests        an API key asks more often than it may
├── JobRefused             a job that contradicts an earlier one of the same Idempotency-Key
│   └── JobUnderWay        the same job, which is being taken at this moment
├── NotFound               a room, comparison or prediction that is not in the ledger
├── EditedMeanwhile        somebody else has changed what a person was editing
├── QualityRefused         a report, an outline or a picture that cannot be scored
├── QualityUnavailable     nothing can be scored on this machine
├── DeliveryRefused        a step that cannot follow the last one of an alert's delivery
└── ProviderError          what the provider, or the way to it, did
    ├── ProviderUnavailable    a passing fault: the same call may work later
    │   └── ProviderThrottled  the same, with the seconds to wait
    ├── AnswerLost             a create was sent and nobody knows whether it was taken
    ├── ProviderRefused        a final no, with its kind
    └── OutputRefused          a result that cannot be fetched, or is not a picture
        └── OutputExpired      a result that the provider has already deleted
"""

from enum import StrEnum


class StagingError(Exception):
    """The root. `str(error)` is one sentence that may be shown to a person."""


class SettingsRefused(StagingError):
    """The environment holds a setting that cannot be used."""


class DataFolderBusy(StagingError):
    """Another process holds the data folder."""


class LedgerDamaged(StagingError):
    """The ledger file cannot be opened as it is; nothing was changed."""


class LedgerUnavailable(StagingError):
    """The open ledger cannot be read or written now; what was acknowledged is safe."""


class EventRefused(StagingError):
    """An event does not follow the last one of its prediction; nothing was written."""


class AlreadyAdopted(EventRefused):
    """The provider's prediction already belongs to another prediction of ours."""


class UnknownModel(StagingError):
    """No such model is registered."""


class PromptsRefused(StagingError):
    """A prompt book cannot be used; the sentence begins with the faulty place. Nothing was saved."""


class ParametersRefused(StagingError):
    """A model's parameters are out of its limits."""


class OpeningsRefused(StagingError):
    """Outlines of doors and windows cannot be used, or none can be suggested; nothing was saved."""


class PricesRefused(StagingError):
    """A price or a rate cannot be kept; nothing was written."""


class BillRefused(StagingError):
    """A provider's bill cannot be read; the sentence names the faulty line. Nothing was settled."""


class ConfirmationNeeded(StagingError):
    """A run may cost more than is bought without asking, and nobody has confirmed it; nothing was started."""


class BudgetExceeded(StagingError):
    """A hard budget has too little left for a run, or cannot know what it costs; nothing was queued."""


class BudgetRefused(StagingError):
    """A budget that makes no sense, or cannot be read; nothing was saved."""


class VoteRefused(StagingError):
    """A vote makes no sense, or the rater has judged that pair already; nothing was written."""


class BallotsRefused(StagingError):
    """Votes that cannot be rated; the sentence says which, and why."""


class GroupsNeverMet(BallotsRefused):
    """The models fall into groups that no chain of votes joins: no ranking across them is right.

    `groups` are the models' names, the largest group first.
    """

    def __init__(self, message: str, groups: tuple[tuple[str, ...], ...]) -> None:
        self.groups = groups
        super().__init__(message)


class ExperimentRefused(StagingError):
    """An experiment makes no sense, or cannot take this step now; nothing was written."""


class ThresholdsRefused(StagingError):
    """Thresholds on automatic scores cannot be kept as they were given; nothing was written."""


class UploadRejected(StagingError):
    """A file did not pass the door for pictures.

    `name` is the name as uploaded (for display only), `reason` the half-sentence that follows it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}: {reason}")


class RoomRefused(StagingError):
    """The offline stager cannot furnish a room; the sentence says why. Nothing was written."""


class NotAllowed(StagingError):
    """A role lacks the permission for what was asked, or there is no role at all; nothing was done."""


class SignInNeeded(NotAllowed):
    """Nobody is signed in, or the sign-in is over."""


class Stranger(NotAllowed):
    """Somebody is signed in whom the lab knows no role of."""


class PeopleRefused(StagingError):
    """People and roles cannot be kept as they were given; nothing was written."""


class KeyRefused(StagingError):
    """An API key cannot be made as it was asked for; none was."""


class TooManyRequests(StagingError):
    """An API key asks more often than it may; nothing was done. `retry_after_seconds` says when to ask again."""

    def __init__(self, per_second: float, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(
            f"This key asks too often: {per_second:g} requests a second are taken. "
            f"Ask again in {retry_after_seconds} s. Nothing was done."
        )


class JobRefused(StagingError):
    """A job contradicts an earlier one of the same Idempotency-Key; nothing was started."""


class JobUnderWay(JobRefused):
    """The first request with the same Idempotency-Key is being taken at this moment."""


class NotFound(StagingError):
    """A room, comparison or prediction that is not in the ledger."""


class EditedMeanwhile(StagingError):
    """Somebody else has changed what a person was editing; nothing was written."""


class QualityRefused(StagingError):
    """A report, an outline of an opening, or a picture cannot be used for scoring; the sentence says which."""


class QualityUnavailable(StagingError):
    """Nothing can be scored on this machine; the sentence says what is missing."""


class DeliveryRefused(StagingError):
    """A step does not follow the last one of an alert's delivery; nothing was written."""


class ProviderError(StagingError):
    """What the provider, or the way to it, did."""


class ProviderUnavailable(ProviderError):
    """A passing fault; nothing was created, and the same call may work later."""


class ProviderThrottled(ProviderUnavailable):
    """Too many calls; `retry_after_seconds` is already capped."""

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class AnswerLost(ProviderError):
    """A create was sent and its answer never came: it may or may not have been taken (and billed)."""


class Refusal(StrEnum):
    """Why a provider said a final no."""

    TOKEN = "token"  # noqa: S105 - a kind of refusal, not a secret
    CREDIT = "credit"
    INPUT = "input"
    SENSITIVE = "sensitive"
    MODEL_GONE = "model_gone"
    MODEL_FAILED = "model_failed"
    NOT_FOUND = "not_found"
    FLOOR = "floor"
    """A person has to say where the room's floor is, or say it again."""
    OTHER = "other"


class ProviderRefused(ProviderError):
    """A final no: the same call would be refused again. `kind` says why."""

    def __init__(self, message: str, kind: Refusal = Refusal.OTHER) -> None:
        self.kind = kind
        super().__init__(message)


class OutputRefused(ProviderError):
    """A result that cannot be fetched, or is not a picture."""


class OutputExpired(OutputRefused):
    """The provider has already deleted the result (it keeps it for one hour)."""
