"""Colours between RGB, HSV, HLS and YIQ."""

import colorsys

INPUT = ["ff0000", "00ff80", "336699", "ffffff", "000000", "7f7f7f"]


def parse(text):
    return tuple(int(text[at : at + 2], 16) / 255 for at in (0, 2, 4))


def show(colour):
    return "".join(f"{round(part * 255):02x}" for part in colour)


class Program:
    def process(self, item):
        result = {}
        for text in item:
            rgb = parse(text)
            hsv, hls, yiq = colorsys.rgb_to_hsv(*rgb), colorsys.rgb_to_hls(*rgb), colorsys.rgb_to_yiq(*rgb)
            turned = colorsys.hsv_to_rgb((hsv[0] + 0.5) % 1, *hsv[1:])
            result[text] = {
                "hsv": [round(p, 6) for p in hsv],
                "hls": [round(p, 6) for p in hls],
                "yiq": [round(p, 4) for p in yiq],
                "back": [show(colorsys.hsv_to_rgb(*hsv)), show(colorsys.hls_to_rgb(*hls)), show(colorsys.yiq_to_rgb(*yiq))],
                "opposite": show(turned),
            }
        gradient = [show(colorsys.hls_to_rgb(n / 6, 0.5, 1)) for n in range(6)]
        return {"colours": result, "gradient": gradient}
