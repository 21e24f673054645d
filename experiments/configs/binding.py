"""Can a learned memory bind a new word to a new image in one shot, and keep apart eight of them?

    python -m experiments.train --config=experiments/configs/binding.py --workdir=runs/binding
    python -m experiments.evaluate --checkpoint=runs/binding

Hardware   2 CPU cores.
Time       2,000 updates at up to 14 a second; `make train` took 330 to 395 s, set-up apart
           (fe06040, ed15750).
Score      .975 on held-out classes and faces, seed 0 (commit ed15750); three seeds of an earlier
           commit are in results/README.md.

The other tasks: `--config.task=rebinding`, `order`, `counting`, `selection`, `rule`. The
other memories: `--config.memory.kind=none`, `gru`, `window`.
"""

from ml_collections import ConfigDict


def get_config():
    """Return the configuration; every field can be set as `--config.FIELD=VALUE`."""
    config = ConfigDict()
    config.seed = 0

    # What is experienced: see memlearn/tasks and memlearn/data.
    # binding, rebinding, order, counting, selection, rule, or several: mixture, crossmodal.
    # Or an environment of others, such as gymnax:MemoryChain-bsuite: memlearn/tasks/libraries.py.
    config.task = "binding"
    config.episodes = 1  # of an environment of others, in a lifetime: all of the same instance
    config.env_params = ()  # ... and its parameters, as pairs of a name and a value
    config.senses = ("image",)  # by which things are met: image, name, speech
    config.classes = 8  # images that are named in a lifetime
    config.delay = 8  # steps between the last name and the first question
    config.words = 32  # words there are to choose names from
    config.mentions = 40  # selection: images that are mentioned but not named
    config.counted = 3  # counting: images that come back again and again
    config.showings = 15  # counting: the most often that one is shown
    config.kinds = 4  # rule: kinds of images, and actions
    config.trials = 5  # rule: episodes in which the actions are tried
    config.data = "glyphs"
    config.data_dir = ""  # where data sets live; "" is the user's cache folder

    # If a folder is named, what was recorded there is learned from instead: see offline.py.
    config.experience = ConfigDict()
    config.experience.folder = ""  # of a data set in the format of RLDS
    config.experience.length = 24  # steps of a row of a batch
    config.experience.held_out = 0.1  # share of the episodes for validation and evaluation
    # Fields of a step: see Mapping in memlearn/data/recorded/mapping.py.
    config.experience.image = ""
    config.experience.name = ""
    config.experience.name_length = 0
    config.experience.speech = ""
    config.experience.text = ""
    config.experience.text_length = 0
    config.experience.vector = ()
    config.experience.action = ()
    config.experience.reward = ""
    config.experience.question = ""
    config.experience.oracle = ""
    config.experience.choices = ""
    config.experience.boundary = ""
    config.experience.present = ""

    # Who experiences it: see memlearn/policy.py and memlearn/memory.
    config.width = 96
    config.channels = (32, 64, 128)  # of the image encoder
    config.memory = ConfigDict()
    # A design of memlearn/memory/designs.py; or none, gru, lstm, dnc, store, lru, s6, ffm,
    # attention.
    config.memory.kind = "learned"
    config.memory.layers = 1
    config.memory.banks = 4
    config.memory.slots = 32  # per bank; of a store, their square
    config.memory.nearest = 8  # slots of a store, or of knowledge, that an event goes to
    config.memory.knowledge = 0  # on top, a layer of its square of slots that all lifetimes share
    config.memory.key_width = 32
    config.memory.value_width = 48
    config.memory.hidden = 256  # of the fixed memories
    config.memory.top_banks = 0  # banks that take part in one event, at most; 0: all
    config.memory.admission_rate = 0.5  # of the rule `random`
    # The rule of each axis, "" for what the design says.
    config.memory.addressing = ""
    config.memory.admission = ""
    config.memory.placement = ""
    config.memory.count = ""
    config.memory.retention = ""
    config.memory.survival = ""
    config.memory.bank_routing = ""
    config.memory.conditioning = ""
    config.memory.amounts = ""

    # How it learns: see memlearn/learning.
    config.warm_start = ""  # the workdir of a run to begin with the parameters of
    config.learner = "imitation"  # of a teacher; or ppo: from reward alone
    config.task_shares = ()  # mixture: pairs of a task and how often it is met; the others 1.0
    config.later = ()  # mixture: tasks that build on others, and are not met before
    config.later_after = 0  # ... so many updates of the others
    config.easier = ()  # levels that are met first, as parts of the whole, such as (0.25, 0.5)
    config.easier_until = 0  # ... and the updates by which they are left behind
    config.chapters = 1  # lifetimes that are lived as one, of which memory is kept
    config.window = 0  # steps from which a gradient flows at once, memory goes on; 0: a lifetime's
    config.batch = 32  # lifetimes per update
    config.updates = 2000
    config.learning_rate = 2e-3  # at its peak; warmed up, then a cosine
    config.warmup = 50  # updates
    config.weight_decay = 1e-4
    config.clip = 1.0  # largest norm of a gradient
    config.trial_rates = (0.2, 0.2)  # how often the teacher tries an answer, at first, in the end
    config.zoom = 0.2  # augmentation of images: largest log-scale; faces differ in width most
    config.shift = 0.5  # ... and largest move, in pixels
    config.recolor = 0.0  # ... and largest share of other colours
    config.turn = 0.0  # how often images of a lifetime are turned and mirrored, all alike
    config.sense_dropout = 0.0  # how often one of several senses is lost
    config.value_weight = 0.5
    config.balance_weight = 0.0  # at .01, `order` wrote different words to different banks
    config.write_price = 0.0  # of writing an event whole
    config.slot_price = 0.0  # of all slots open at every step; with memory.count=learned
    config.nested = False  # lifetimes use different numbers of slots, evenly from few to all

    # ... from reward: see memlearn/learning/ppo.py.
    config.ppo = ConfigDict()
    config.ppo.window = 0  # steps that are lived between two updates; 0: whole lifetimes
    config.ppo.epochs = 2  # times that they are learned from
    config.ppo.minibatches = 4  # parts, of whole windows
    config.ppo.within = 0.9  # discount from a step to the next
    config.ppo.across = 1.0  # ... and to the next episode of the lifetime
    config.ppo.decay = 0.95  # lambda of the advantages
    config.ppo.clip = 0.2  # how far an update may change the probability of an action
    config.ppo.entropy_weights = (0.02, 0.002)  # at first, and in the end
    config.ppo.burn_in = 0  # first steps of a window from which only memory is filled
    config.ppo.predicts = ""  # next: what comes; past: the rest of what was met; see prediction.py
    config.ppo.prediction_weight = 0.1  # of its error
    config.ppo.inertia = 0.99  # of the moving mean and spread of returns

    # How it runs: see memlearn/training.
    config.parallel = "jit"  # jit, pmap: over all devices
    config.log_every = 10  # updates, as are the next two
    config.validate_every = 100
    config.checkpoint_every = 100
    config.validation_lifetimes = 64
    config.tensorboard = False  # needs the extra `tensorboard`
    return config.lock()
