"""A slow and obvious online recurrent learner, against which the fast kernels are tested.

It is plain NumPy in float64, keeps every step it has ever seen in a Python list, and imports nothing of the package
that it checks: whatever a ring buffer, a view or a compiler can get wrong, it cannot get wrong in the same way.

- `cells`: Elman, GRU and LSTM, one step forward and one step back, and the sweep back through a window.
- `gate`: what a column and the scale of an output know about their values, and which values they refuse.
- `rules`: losses and their slopes, schedules, optimizers.
- `anomaly`: how surprising a row is.
- `learner`: the order of events within a row.
- `keys`: many streams, one such learner for each, with the same weights.
- `categories`: the same learner with features and targets that are categories.
- `eviction`: what is forgotten of a category that gives its code to another one.
- `season_lags`: what a network sees of a season ago.
- `experts`: linear and seasonal forecasters, and the mix of them with the networks.
- `gather`: answers of several networks as one.

References
----------
P. J. Werbos (1990), Backpropagation through time: what it does and how to do it. Proceedings of the IEEE 78(10).
R. J. Williams, J. Peng (1990), An efficient gradient-based algorithm for on-line training of recurrent network
trajectories. Neural Computation 2(4). Its BPTT(h; h') is `window` and `stride` here.
J. L. Elman (1990), Finding structure in time. Cognitive Science 14(2).
S. Hochreiter, J. Schmidhuber (1997), Long short-term memory. Neural Computation 9(8).
K. Cho et al. (2014), Learning phrase representations using RNN encoder-decoder. EMNLP. (Equations as in PyTorch.)
A. P. Dawid (1984), Present position and potential developments: the prequential approach. JRSS A 147(2).
P. Gaillard, G. Stoltz, T. van Erven (2014), A second-order bound with excess losses. COLT.
S. Gunnarsson (1996), Combining tracking and regularization in recursive least squares identification. CDC.
P. Goyal et al. (2017), Accurate, large minibatch SGD: training ImageNet in 1 hour. arXiv 1706.02677.
S. Malladi et al. (2022), On the SDEs and scaling rules for adaptive gradient algorithms. NeurIPS.
B. P. Welford (1962), Note on a method for calculating corrected sums of squares and products. Technometrics 4(3).
"""

from .anomaly import ReferenceWatch
from .batch import BatchedReference
from .categories import CategoryReference
from .cells import Activations, LayerState, forward_step, head_forward, sweep, zero_state
from .experts import ReferenceExperts
from .gate import Column, Scale, robust
from .gather import gathered
from .keys import KeyedReference
from .learner import Forecast, ReferenceLearner, RefRecord, SweepSnapshot
from .rules import Loss, Optimizer
from .season_lags import SeasonLags

__all__ = [
    "Activations",
    "BatchedReference",
    "CategoryReference",
    "Column",
    "Forecast",
    "KeyedReference",
    "LayerState",
    "Loss",
    "Optimizer",
    "RefRecord",
    "ReferenceExperts",
    "ReferenceLearner",
    "ReferenceWatch",
    "Scale",
    "SeasonLags",
    "SweepSnapshot",
    "forward_step",
    "gathered",
    "head_forward",
    "robust",
    "sweep",
    "zero_state",
]
