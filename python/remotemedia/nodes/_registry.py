"""Which node types there are, and where. Nothing is imported before it is asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODULES: dict[str, str] = {
    "PassThrough": "base",
    "PassThroughNode": "base",
    "Echo": "base",
    "EchoNode": "base",
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
    "AudioTransform": "numpy_audio",
    "AudioResampler": "numpy_audio",
    "AudioBuffer": "numpy_audio",
    "ExtractAudioDataNode": "numpy_audio",
    "VADNode": "numpy_audio",
    "FormatConverterNode": "numpy_audio",
    "VoiceActivityDetector": "numpy_audio",
    "AudioBufferAccumulatorNode": "utterances",
    "EnergyVadNode": "vad",
    "WavReaderNode": "wav",
    "WavWriterNode": "wav",
}
"""Node type to the module of this package that holds its class."""

_AV = "needs av (PyAV)"
_AIORTC = "needs aiortc and av (PyAV)"
_VIDEO = "does nothing to the frames in the SDK either; working on video needs av (PyAV)"
_TORCH = "needs torch and transformers"
_GRPC = "needs grpcio and a server to connect to"
_SERVER = "needs a server to connect to, and a sandbox has no network"
_WHISPER = "needs a Whisper model and a native extension"
_LLAMA = "needs a language model and llama.cpp"
_MLX = "needs mlx and its models, on Apple silicon"
_TRANSCRIBE = "Transcribe speech"
_SPEAK = "Speak text"
_GENERATE = "Answer with a language model"

UNAVAILABLE: dict[str, tuple[str, str]] = {
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
    "RemotePipelineNode": ("Run a pipeline on a server", _SERVER),
    "GRPCStreamSource": ("Receive items over gRPC", _GRPC),
    "SerializedClassExecutorNode": (
        "Run a class that comes as a pickle",
        "needs cloudpickle, and reading its input would run any code",
    ),
    "PythonNode": (
        "Run a class that its params name",
        "the type is `module:Class` here, with the file's directory granted",
    ),
    "WhisperXTranscriber": (_TRANSCRIBE, "needs whisperx and torch"),
    "RustWhisperTranscriber": (_TRANSCRIBE, "needs rwhisper, a native extension"),
    "WhisperTranscriptionNode": (_TRANSCRIBE, _TORCH),
    "WhisperSTTNode": (_TRANSCRIBE, "needs torch and a Whisper model"),
    "WhisperSTT": (_TRANSCRIBE, _WHISPER),
    "WhisperNode": (_TRANSCRIBE, _WHISPER),
    "RustWhisperNode": (_TRANSCRIBE, _WHISPER),
    "HFWhisperNode": (_TRANSCRIBE, _TORCH),
    "candle-whisper": (_TRANSCRIBE, _WHISPER),
    "SrtOutput": (
        "Write what was transcribed as subtitles",
        "works on what a Whisper node gives, and there is none here",
    ),
    "SpeakerDiarizationNode": ("Find out who speaks when", "needs models of pyannote"),
    "AudioChannelSplitterNode": (
        "Give each speaker a channel",
        "works on what SpeakerDiarizationNode says, which needs models of pyannote",
    ),
    "OllamaLLM": (_GENERATE, "needs Ollama, a server"),
    "OpenAIChatNode": (_GENERATE, _SERVER),
    "MultimodalLLMNode": (_GENERATE, _SERVER),
    "LLMNode": (_GENERATE, "needs a language model"),
    "LlamaCppGenerationNode": (_GENERATE, _LLAMA),
    "LlamaCppEmbeddingNode": ("Turn text into vectors", _LLAMA),
    "LlamaCppActivationNode": ("Read the activations of a language model", _LLAMA),
    "LlamaCppSteerNode": ("Steer a language model", _LLAMA),
    "EmotionExtractorNode": ("Find vectors of emotions in a language model", _LLAMA),
    "EmotionSteeringNode": ("Steer a language model by emotions", _LLAMA),
    "TransformersPipelineNode": ("Run a model of transformers", _TORCH),
    "SimplePyTorchNode": ("Calculate with torch", "needs torch"),
    "Qwen2_5OmniNode": ("Answer with the Qwen 2.5 Omni model", _TORCH),
    "UltravoxNode": ("Answer speech with the Ultravox model", _TORCH),
    "LFM2AudioNode": ("Answer speech with the LFM2 model", "needs torch and liquid_audio"),
    "LFM2AudioMlxNode": ("Answer speech with the LFM2 model", _MLX),
    "LFM2TextNode": ("Answer with the LFM2 model", _TORCH),
    "PersonaPlexAudioMlxNode": ("Answer speech with the PersonaPlex model", _MLX),
    "QwenTextMlxNode": ("Answer with the Qwen model", _MLX),
    "QwenTTSMlxNode": (_SPEAK, _MLX),
    "CosyVoice3TTSNode": (_SPEAK, "needs torch and cosyvoice"),
    "VoxtralTTSNode": (_SPEAK, "needs torch and a Voxtral model"),
    "KokoroTTSNode": (_SPEAK, "needs kokoro and torch"),
    "KokoroTTS": (_SPEAK, "needs kokoro and torch"),
    "VibeVoiceTTSNode": (_SPEAK, "needs vibevoice and torch"),
}
"""Node type of the SDK that is left out: what it does, and why it is left out."""

REGISTERED: dict[str, type[Any]] = {}
"""Classes that a program has registered under a name of their own."""
