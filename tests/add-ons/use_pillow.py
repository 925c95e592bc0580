"""pillow==13.0.0: pictures drawn, resized and filtered; PNG, JPEG, WebP, GIF, BMP and TIFF there and back"""


class Use:
    def process(self, item):
        import io

        import numpy as np
        from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, ImageStat, features

        assert all(features.check(name) for name in ("jpg", "zlib", "webp"))
        picture = Image.new("RGB", (320, 240), "navy")
        draw = ImageDraw.Draw(picture)
        draw.ellipse((60, 20, 260, 220), fill=(255, 200, 0), outline="white", width=4)
        draw.text((10, 10), "a picture", fill="white")
        draw.line([(0, 239), (319, 0)], fill="red", width=3)
        small = picture.resize((80, 60), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(1))
        small = ImageOps.autocontrast(ImageOps.mirror(small)).rotate(5, expand=True).convert("L")
        assert small.size[0] > 80 and ImageStat.Stat(small).mean[0] > 10

        sizes = {}
        exact = {"PNG": {"optimize": True}, "BMP": {}, "TIFF": {}, "WEBP": {"lossless": True}, "PPM": {}}
        close = {"JPEG": {"quality": 90, "progressive": True}, "WEBP": {"quality": 90}}
        for same, forms in ((True, exact), (False, close)):
            for form, options in forms.items():
                file = io.BytesIO()
                picture.save(file, form, **options)
                sizes[f"{form} {same}"] = file.tell()
                again = Image.open(io.BytesIO(file.getvalue()))
                assert again.format == form and again.size == picture.size
                difference = ImageChops.difference(picture, again.convert("RGB"))
                highest = max(high for _, high in difference.getextrema())
                assert highest == 0 if same else ImageStat.Stat(difference).mean[0] < 6, (form, highest)
        assert max(sizes["PNG True"], sizes["JPEG False"], sizes["WEBP False"]) * 10 < sizes["BMP True"]

        frames = [picture.rotate(turn) for turn in (0, 30, 60)]
        file = io.BytesIO()
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=50)
        assert Image.open(file).n_frames == 3

        # Arrays of numpy's, without a copy of each sample.
        array = np.asarray(picture)
        assert array.shape == (240, 320, 3) and Image.fromarray(255 - array).getpixel((0, 0)) != (0, 0, 128)

        # What is damaged is an error, like everywhere.
        file = io.BytesIO()
        picture.save(file, "JPEG")
        for broken in (b"no picture", file.getvalue()[:300], file.getvalue()[:3000]):
            try:
                Image.open(io.BytesIO(broken)).load()
            except OSError:
                continue
            raise AssertionError("a damaged file was read")
        return sorted(sizes)
