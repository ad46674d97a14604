"""What a recording found, in the tools that people run already: experiment-runner, MLflow, Weights & Biases, llama-bench."""
