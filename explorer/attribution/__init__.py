"""Why a unit answers as it does, by its gradients: which cells of the input really move it."""
