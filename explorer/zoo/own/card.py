"""What a person says about their own network: the card that lies beside it as a small TOML file."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.zoo.card import Activation, Preparation, Task


@dataclass(frozen=True)
class OwnCard:
    """How a person's own network is built, what it gets and what it answers.

    Attributes:
        title: as the person calls it.
        architecture: the zoo's network that a file of tensors belongs to; "" where the file holds the network itself.
        function: of a Python file: the function that returns the module.
        preparation: how a picture becomes its input.
        labels: a list of the zoo, or the path of a text file with a class a line; "" for none.
        output: where in what it returns the answer is: keys, attributes or numbers joined by dots; "" for the main one.
        task: what the answer is.
        activation: what turns it into probabilities.
        inputs: further inputs after the picture, each as ``name=kind:shape`` (kind zeros, ones or random); the name is
            "" for one that goes by its place.
    """

    title: str
    preparation: Preparation
    architecture: str = ""
    function: str = ""
    labels: str = ""
    output: str = ""
    task: Task = "classify"
    activation: Activation = "softmax"
    inputs: tuple[str, ...] = ()
