"""Random models of the ops of the family MATH; see op_models.py."""

from op_models_attention import MAKERS as _ATTENTION

MAKERS = (*_ATTENTION,)
