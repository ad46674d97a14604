# The public names as type checkers see them; a test holds it against `__init__.py`.

from powermeter.analysis.energy import Analysis as Analysis
from powermeter.analysis.energy import analyse as analyse
from powermeter.analysis.layers import layers as layers
from powermeter.analysis.repeat_loop import RepeatLoop as RepeatLoop
from powermeter.battery.battery import Battery as Battery
from powermeter.channel import Channel as Channel
from powermeter.channel import Quantity as Quantity
from powermeter.channel import Rail as Rail
from powermeter.comparison.compare import Comparison as Comparison
from powermeter.comparison.compare import compare as compare
from powermeter.comparison.experiments import bench as bench
from powermeter.comparison.experiments import sweep as sweep
from powermeter.comparison.experiments import versus as versus
from powermeter.comparison.options import CompareOptions as CompareOptions
from powermeter.errors import ConfigurationError as ConfigurationError
from powermeter.errors import DataError as DataError
from powermeter.errors import ExistsError as ExistsError
from powermeter.errors import NotInstalledError as NotInstalledError
from powermeter.errors import OpenError as OpenError
from powermeter.errors import PowermeterError as PowermeterError
from powermeter.errors import ReadError as ReadError
from powermeter.errors import Reason as Reason
from powermeter.events import Event as Event
from powermeter.hooks.tokens.stream import tokens as tokens
from powermeter.hooks.tokens.streamer import TokenStreamer as TokenStreamer
from powermeter.hooks.watch import watch as watch
from powermeter.marking.api import each as each
from powermeter.marking.api import event as event
from powermeter.marking.api import mark as mark
from powermeter.marking.api import track as track
from powermeter.meter import Meter as Meter
from powermeter.recorder.discovery import Finding as Finding
from powermeter.recorder.discovery import discover as discover
from powermeter.recording import Recording as Recording
from powermeter.recording.api import open as open
from powermeter.recording.api import to_frame as to_frame
from powermeter.result import Grade as Grade
from powermeter.result import Result as Result
from powermeter.result.notes import Note as Note
from powermeter.signals.trace import Trace as Trace
from powermeter.source import Source as Source

__version__: str
