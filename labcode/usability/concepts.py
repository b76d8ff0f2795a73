"""The ideas behind the names: each name of an interface stands for one concept, in both frameworks.

The table is complete on purpose: a name that it lacks is an error, so that no name of a framework
can be left out of the count of concepts, and each assignment can be read here and argued with. A
word that ends in ``=`` is a keyword argument that carries an idea of its own.
"""

from collections.abc import Collection

from labcode.errors import ChapterError

CONCEPTS: dict[str, str] = {
    "tensor made from data": "torch.tensor torch.from_numpy tensorflow.constant",
    "value whose derivative is wanted": "tensorflow.Variable requires_grad=",
    "type of numbers": ".float torch.bfloat16 tensorflow.cast tensorflow.float32",
    "order of axes": ".permute",
    "shape": ".flatten tensorflow.reshape",
    "arithmetic": ".mean .sum .abs .max .argmax torch.cat tensorflow.reduce_mean "
    "tensorflow.argmax tensorflow.math.count_nonzero",
    "gather": "tensorflow.gather",
    "softmax": "torch.softmax tensorflow.nn.softmax",
    "way back to Python or NumPy": ".item .numpy",
    "device": ".to .cpu tensorflow.device",
    "derivatives": ".backward .grad .gradient",
    "notes taken for derivatives": "tensorflow.GradientTape",
    "notes not taken": "torch.no_grad torch.inference_mode .detach",
    "derivatives set back to zero": ".zero_grad",
    "list of what is learnt": ".parameters .trainable_variables",
    "optimiser": "torch.optim.SGD torch.optim.Adam keras.optimizers.SGD keras.optimizers.Adam",
    "update of the weights": ".step .apply",
    "optimiser's own variables": ".build",
    "loss": "torch.nn.CrossEntropyLoss torch.nn.functional.cross_entropy "
    "keras.losses.SparseCategoricalCrossentropy",
    "model as an object": "torch.nn.Module keras.Model",
    "training or inference mode": ".train .eval .training training=",
    "layer with weights": "torch.nn.Conv2d torch.nn.Linear keras.layers.Conv2D keras.layers.Dense",
    "layer without weights": "torch.nn.MaxPool2d torch.nn.Flatten keras.layers.MaxPooling2D "
    "keras.layers.Flatten torch.nn.functional.max_pool2d tensorflow.nn.max_pool2d",
    "activation function": "torch.nn.ReLU torch.relu activation=",
    "list of layers": "torch.nn.Sequential keras.Sequential",
    "placeholder for the input": "keras.Input",
    "method that the framework calls": ".forward .call .__len__ .__getitem__",
    "data set": "torch.utils.data.Dataset tensorflow.data.Dataset.from_tensor_slices "
    "tensorflow.data.Dataset.range",
    "batches": "torch.utils.data.DataLoader .batch",
    "function over a data set": ".map",
    "work ahead of time": ".prefetch",
    "options of a pipeline": "tensorflow.data.Options .autotune .enabled .with_options",
    "reading a file": "PIL.Image.open tensorflow.io.read_file",
    "decoding an image": ".convert tensorflow.io.decode_jpeg",
    "weights as a dictionary": ".state_dict .load_state_dict",
    "file of weights": "torch.save torch.load .save_weights .load_weights",
    "summary": "torchinfo.summary .summary",
    "metric": "torchmetrics.classification.MulticlassAccuracy .update_state "
    "keras.metrics.SparseTopKCategoricalAccuracy keras.metrics.SparseCategoricalAccuracy",
    "layers by name": ".get_submodule .named_children .get_layer .layers .name",
    "a layer's weights": ".weight .kernel",
    "size in memory": ".numel .nbytes",
    "inputs and outputs of a graph": ".inputs .output",
    "hook": ".register_forward_hook .remove",
    "extractor of maps": "torchvision.models.feature_extraction.create_feature_extractor",
    "profiler": "torch.profiler.profile tensorflow.profiler.experimental.Profile "
    "tensorflow.profiler.experimental.ProfilerOptions",
    "table of the profile": ".key_averages .self_cpu_time_total",
    "graph traced from Python": "tensorflow.function",
    "compile": ".compile",
    "fit": ".fit .history",
    "callback": "keras.callbacks.EarlyStopping keras.callbacks.TensorBoard .best_epoch",
    "log for TensorBoard": "torch.utils.tensorboard.SummaryWriter .add_scalar .close",
    "mixed precision": "torch.autocast",
    "true float32": "torch.backends.cudnn "
    "tensorflow.config.experimental.enable_tensor_float_32_execution",
}
"""Concept -> the names that stand for it, separated by blanks."""

_CONCEPT_OF = {name: concept for concept, names in CONCEPTS.items() for name in names.split()}


def concepts_of(names: Collection[str], keywords: Collection[str] = ()) -> tuple[str, ...]:
    """The distinct concepts that these names and keyword arguments stand for, sorted.

    Raises ChapterError for a name that the table lacks; keywords need not be in it.
    """
    unknown = sorted(set(names) - _CONCEPT_OF.keys())
    if unknown:
        raise ChapterError(
            f"no concept is declared for {', '.join(unknown)}; add each name to a concept in "
            "labcode/usability/concepts.py"
        )
    spelt = [*names, *(f"{one}=" for one in keywords)]
    return tuple(sorted({_CONCEPT_OF[one] for one in spelt if one in _CONCEPT_OF}))
