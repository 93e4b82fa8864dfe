"""What the tests of media share: files made on the spot, and why one was refused."""

import io

import pytest
from PIL import Image

from mmrec_helpers.media import MediaFault


def encode(picture, kind, **options):
    buffer = io.BytesIO()
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def cause(read, path):
    with pytest.raises(MediaFault) as caught:
        read(path)
    assert caught.value.fix
    assert path.name in str(caught.value)
    return caught.value.cause
