"""Makes faces.css, the font as it is embedded in reports, from the two TTF files beside it.

The TTF files are what text is measured with; faces.css holds the same outlines and widths as WOFF2 without hinting,
about 17 KB a face in base64. Run once after changing a TTF: pip install fonttools brotli; python make-faces.py
"""

import base64
import io
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

here = Path(__file__).parent
css = []
for style, weight in [("Regular", 400), ("Bold", 700)]:
    # A fixed "modified" time keeps the output the same whenever this runs.
    font = TTFont(here / f"AtkinsonHyperlegible-{style}.ttf", recalcTimestamp=False)
    options = Options(hinting=False, layout_features=["kern"], flavor="woff2")
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=font.getBestCmap().keys())
    subsetter.subset(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    data = base64.b64encode(out.getvalue()).decode()
    css.append(
        "@font-face{font-family:'Atkinson Hyperlegible';font-style:normal;"
        f"font-weight:{weight};src:url(data:font/woff2;base64,{data}) format('woff2')}}\n"
    )
(here / "faces.css").write_text("".join(css))
