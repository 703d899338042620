"""Parameters by chance or from the trials so far, with chances that depend on the trial's number alone.

So a search in one process is the same each time, and processes that share a study never draw the same.
"""

from __future__ import annotations

from typing import Any

from optuna.samplers import BaseSampler, TPESampler


class PerTrial(BaseSampler):
    """A tree-structured Parzen estimator for several objectives, made anew for each trial with its number as the seed.

    Ozaki et al., "Multiobjective Tree-Structured Parzen Estimator" (2022). The first ten trials are random.
    """

    def __init__(self) -> None:
        self._inner = TPESampler(seed=0)

    def before_trial(self, study: Any, trial: Any) -> None:
        self._inner = TPESampler(seed=trial.number)

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
        self._inner.after_trial(study, trial, state, values)
