"""What a training run leaves behind: one record per epoch, as JSON."""

from dataclasses import asdict, dataclass, field, replace

from labcode.errors import RecipeError
from labcode.recipe import Recipe


@dataclass(frozen=True)
class Epoch:
    """Figures of one epoch, ``number`` counted from 1.

    ``loss`` and ``top1`` are means over this epoch's own training batches, taken as the weights
    moved; ``val_*`` are taken after its last step. Losses in nats (``loss`` is the quantity that
    was minimised, label smoothing included), accuracies as fractions of 1, times in seconds.
    ``steps`` counts the optimiser's steps since the beginning, and ``batches`` is a digest of the
    images, their order and their shifts since then: two runs that agree in it saw the same. Runs
    of before these two were recorded, as the shipped checkpoint's, have 0 and an empty text.
    ``idle_seconds`` passed between the last step and the validation, and are in neither time.
    """

    number: int
    loss: float
    top1: float
    val_loss: float
    val_top1: float
    val_top5: float
    val_top10: float
    learning_rate: float
    train_seconds: float
    val_seconds: float
    images_per_second: float
    steps: int = 0
    batches: str = ""
    idle_seconds: float = 0.0


@dataclass
class History:
    """The epochs of a run; ``stopped_early`` tells whether patience ended it."""

    recipe: Recipe
    epochs: list[Epoch] = field(default_factory=list)
    stopped_early: bool = False

    @property
    def best(self) -> Epoch:
        """The epoch with the lowest validation loss, the one whose weights are kept."""
        return min(self.epochs, key=lambda epoch: epoch.val_loss)

    def peak(self, name: str) -> Epoch:
        """The first epoch with the highest value of one figure: ``history.peak("val_top1")``."""
        return max(self.epochs, key=lambda epoch: getattr(epoch, name))

    def first(self, count: int) -> "History":
        """The run of ``count`` epochs that this one began with: equal seeds, equal steps.

        Raises RecipeError when there is no such run: with a rate that follows a schedule a shorter
        run has other rates, and a run cannot begin with more epochs than it has.
        """
        if self.recipe.schedule != "constant":
            raise RecipeError(
                f"a run of {count} epochs has other learning rates than the first {count} epochs "
                f"of this one: its schedule is {self.recipe.schedule!r}; train it by itself"
            )
        if not 1 <= count <= len(self.epochs):
            raise RecipeError(f"this run has {len(self.epochs)} epochs; it begins with no {count}")
        return History(replace(self.recipe, epochs=count), self.epochs[:count])

    def out_of_patience(self) -> bool:
        """Whether the last ``recipe.patience`` epochs brought no lower validation loss."""
        patience = self.recipe.patience
        return patience is not None and len(self.epochs) - self.best.number >= patience

    def column(self, name: str) -> list[float]:
        """One figure over all epochs: ``history.column("val_top1")``."""
        return [getattr(epoch, name) for epoch in self.epochs]

    def asdict(self) -> dict:
        """The history as a plain dict, for JSON."""
        return {
            "recipe": self.recipe.asdict(),
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "stopped_early": self.stopped_early,
        }

    @classmethod
    def from_dict(cls, record: dict) -> "History":
        """The history that ``asdict`` gave as ``record``."""
        return cls(
            Recipe.from_dict(record["recipe"]),
            [Epoch(**epoch) for epoch in record["epochs"]],
            record["stopped_early"],
        )

    def line(self, epoch: Epoch) -> str:
        """One epoch as a line of text for the terminal and the page."""
        return (
            f"epoch {epoch.number:3d}/{self.recipe.epochs}  "
            f"loss {epoch.loss:.4f}  top-1 {epoch.top1:6.2%}  |  "
            f"val loss {epoch.val_loss:.4f}  top-1 {epoch.val_top1:6.2%}  "
            f"top-5 {epoch.val_top5:6.2%}  |  "
            f"{epoch.train_seconds:.1f} s  {epoch.images_per_second:,.0f} images/s"
        )
