"""Source -> learner -> sink: a stream goes in, records come out, and a model file keeps what was learned.

::

    from streamrnn.session import Plan, Session

    session = Session(Plan(source="load.csv", output="out.csv", model="load.safetensors", settings={"horizon": 24}))
    outcome = session.run()

``plan`` says what a run is told, ``start`` what it starts from (new, or a ``model_file``). ``run`` does it: rows come
through ``reading``, in ``pieces``; ``learning`` makes records of them by ``layout``, which ``records`` writes to the
files of ``output``. ``keeping`` saves the model, with a ``note`` of how far the run has come; ``outcome`` says what it
did.
"""

from .listener import Listener
from .outcome import Outcome
from .plan import Plan, SessionError
from .run import Session

__all__ = ["Listener", "Outcome", "Plan", "Session", "SessionError"]
