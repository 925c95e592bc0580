"""Which node types there are, and where. Nothing is imported before it is asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODULES: dict[str, str] = {
    "PassThrough": "base",
    "PassThroughNode": "base",
    "Echo": "base",
    "BufferNode": "base",
    "MultiplyNode": "simple_math",
    "AddNode": "simple_math",
    "CalculatorNode": "calculator",
    "TextProcessorNode": "text_processor",
    "DataTransform": "transform",
    "FormatConverter": "transform",
    "TextTransformNode": "transform",
    "CodeExecutorNode": "code_executor",
    "StatefulCounter": "custom",
    "DataSourceNode": "io_nodes",
    "DataSinkNode": "io_nodes",
    "BidirectionalNode": "io_nodes",
    "JavaScriptBridgeNode": "io_nodes",
    "TextCollectorNode": "text_collector",
    "AudioGainNode": "audio",
    "AudioMixDownNode": "audio",
    "AudioChunkNode": "audio",
    "AudioBufferNode": "audio",
    "AudioResampleNode": "resample",
    "EnergyVadNode": "vad",
    "WavReaderNode": "wav",
    "WavWriterNode": "wav",
}
"""Node type to the module of this package that holds its class."""

_LIBROSA = "needs librosa"
_AV = "needs av (PyAV)"
_AIORTC = "needs aiortc and av (PyAV)"
_VIDEO = "does nothing to the frames in the SDK either; working on video needs av (PyAV)"
_OWN = "numpy is there: a line of it in a node of your own does the same"
_TORCH = "needs torch and transformers"
_GRPC = "needs grpcio and a server to connect to"

UNAVAILABLE: dict[str, tuple[str, str]] = {
    "AudioTransform": (
        "Change sample rate and channels of numpy audio",
        f"{_LIBROSA}; AudioResampleNode and AudioMixDownNode do it on Audio items",
    ),
    "AudioBuffer": (
        "Collect numpy audio up to a size",
        "AudioChunkNode does it on Audio items",
    ),
    "AudioResampler": (
        "Change the sample rate of numpy audio",
        f"{_LIBROSA}; AudioResampleNode does it on Audio items",
    ),
    "VoiceActivityDetector": (
        "Find speech in numpy audio",
        f"{_LIBROSA}; EnergyVadNode does it on Audio items",
    ),
    "VADNode": (
        "Find speech in numpy audio",
        "EnergyVadNode does it on Audio items",
    ),
    "ExtractAudioDataNode": ("Take the samples out of a tuple", _OWN),
    "FormatConverterNode": ("Convert the sample format of numpy audio", _OWN),
    "MediaReaderNode": ("Read a media file", _AIORTC),
    "LocalMediaReaderNode": ("Read a media file", _AV),
    "MediaWriterNode": ("Write a media file", _AV),
    "AudioTrackSource": ("Receive an audio track", _AIORTC),
    "VideoTrackSource": ("Receive a video track", _AIORTC),
    "VideoTransform": ("Change the resolution of video", _VIDEO),
    "VideoBuffer": ("Collect frames of video", _VIDEO),
    "VideoResizer": ("Resize video", _VIDEO),
    "RemoteExecutionNode": ("Run a node on a server", _GRPC),
    "RemoteObjectExecutionNode": ("Run an object on a server", _GRPC),
    "GRPCStreamSource": ("Receive items over gRPC", _GRPC),
    "SerializedClassExecutorNode": (
        "Run a class that comes as a pickle",
        "needs cloudpickle, and reading its input would run any code",
    ),
    "WhisperXTranscriber": ("Transcribe speech", "needs whisperx and torch"),
    "RustWhisperTranscriber": ("Transcribe speech", "needs rwhisper, a native extension"),
    "WhisperTranscriptionNode": ("Transcribe speech", _TORCH),
    "TransformersPipelineNode": ("Run a model of transformers", _TORCH),
    "Qwen2_5OmniNode": ("Answer with the Qwen 2.5 Omni model", _TORCH),
    "UltravoxNode": ("Answer speech with the Ultravox model", _TORCH),
    "LFM2AudioNode": ("Answer speech with the LFM2 model", "needs torch and liquid_audio"),
    "WhisperSTTNode": ("Transcribe speech", "needs torch and a Whisper model"),
    "CosyVoice3TTSNode": ("Speak text", "needs torch and cosyvoice"),
    "VoxtralTTSNode": ("Speak text", "needs torch and a Voxtral model"),
    "KokoroTTSNode": ("Speak text", "needs kokoro and torch"),
    "VibeVoiceTTSNode": ("Speak text", "needs vibevoice and torch"),
}
"""Node type of the SDK that is left out: what it does, and why it is left out."""

REGISTERED: dict[str, type[Any]] = {}
"""Classes that a program has registered under a name of their own."""
