"""pypdf==7.1.1: pages put together, and read"""


class Use:
    def process(self, item):
        import io

        from pypdf import PdfReader, PdfWriter

        writer = PdfWriter()
        writer.add_blank_page(width=100, height=200)
        writer.add_blank_page(width=300, height=400)
        writer.add_metadata({"/Title": "Two pages"})
        out = io.BytesIO()
        writer.write(out)
        reader = PdfReader(out)
        assert len(reader.pages) == 2 and reader.metadata.title == "Two pages"
        return float(reader.pages[1].mediabox.width)
