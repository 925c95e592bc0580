/** The repository's examples. */

import audio from "../../examples/audio.json?raw";
import custom from "../../examples/custom_node/manifest.yaml?raw";
import words from "../../examples/custom_node/nodes/words.py?raw";
import camera from "../../examples/live/camera.json?raw";
import robot from "../../examples/live/nodes/robot.py?raw";
import voice from "../../examples/live/voice.yaml?raw";
import mixed from "../../examples/mixed.json?raw";
import multiplyAdd from "../../examples/multiply_add.json?raw";
import textProcessor from "../../examples/text_processor.json?raw";

export interface Example {
  name: string;
  manifest: string;
  inputs: string;
  /** The Python file's name and text. */
  file: string;
  code: string;
  /** Whether a tone is among the inputs. */
  tone: boolean;
  /** Where it comes from in live mode, where the example is made for that. */
  live?: "microphone" | "camera";
}

const FIRST_NODE = `class Shout:
    """A node is a class with a process method. In the manifest it is "nodes:Shout"."""

    def process(self, item):
        return str(item).upper() + "!"
`;

const example = (name: string, manifest: string, rest: Partial<Example> = {}): Example => ({
  name,
  manifest,
  inputs: "",
  file: "nodes.py",
  code: FIRST_NODE,
  tone: false,
  ...rest,
});

export const EXAMPLES: readonly Example[] = [
  example("multiply_add", multiplyAdd),
  example("text_processor", textProcessor),
  example("mixed", mixed, { inputs: "[1, 2, 3, 4]" }),
  example("custom_node", custom, { inputs: '["so far so good", "good morning"]', file: "words.py", code: words }),
  example("audio", audio, { tone: true }),
  example("voice (live)", voice, { file: "robot.py", code: robot, tone: true, live: "microphone" }),
  example("camera (live)", camera, { live: "camera" }),
];
