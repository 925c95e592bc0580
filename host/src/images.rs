//! Files of images.

use thiserror::Error;

use crate::types::{Image, ImageFormat, PixelFormat};

/// Why an image can't be read or written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ImageError(String);

/// Takes a file as an image: its bytes stay as they are, and its format and size
/// are read from them.
///
/// # Errors
/// Where it is no PNG, JPEG or WebP, or is cut short before its size.
pub fn read(bytes: Vec<u8>) -> Result<Image, ImageError> {
    let unknown = || ImageError("it is no PNG, JPEG or WebP image".to_owned());
    let format = match imagesize::image_type(&bytes).map_err(|_| unknown())? {
        imagesize::ImageType::Png => ImageFormat::Png,
        imagesize::ImageType::Jpeg => ImageFormat::Jpeg,
        imagesize::ImageType::Webp => ImageFormat::Webp,
        _ => return Err(unknown()),
    };
    let side = |pixels: usize| u32::try_from(pixels).ok();
    let size = match format {
        ImageFormat::Jpeg => jpeg_size(&bytes),
        _ => imagesize::blob_size(&bytes)
            .ok()
            .and_then(|size| Some((side(size.width)?, side(size.height)?))),
    };
    let (width, height) =
        size.ok_or_else(|| ImageError("its dimensions can't be read".to_owned()))?;
    Ok(Image {
        format,
        width,
        height,
        data: bytes,
        timestamp_us: None,
        metadata: None,
    })
}

/// Writes raw pixels as PNG; none where PNG doesn't have their format.
///
/// # Errors
/// Where the data is not as long as format, width and height say.
pub fn png(
    data: &[u8],
    format: PixelFormat,
    width: u32,
    height: u32,
) -> Result<Option<Vec<u8>>, ImageError> {
    let (colour, swapped) = match format {
        PixelFormat::Gray8 => (::png::ColorType::Grayscale, false),
        PixelFormat::Rgb24 => (::png::ColorType::Rgb, false),
        PixelFormat::Bgr24 => (::png::ColorType::Rgb, true),
        PixelFormat::Rgba32 => (::png::ColorType::Rgba, false),
        PixelFormat::Bgra32 => (::png::ColorType::Rgba, true),
        PixelFormat::Yuv420p | PixelFormat::Nv12 | PixelFormat::Encoded => {
            return Ok(None);
        }
    };
    let say = |error: ::png::EncodingError| ImageError(error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    let mut writer = encoder.write_header().map_err(say)?;
    if swapped {
        let mut data = data.to_vec();
        data.chunks_exact_mut(colour.samples())
            .for_each(|pixel| pixel.swap(0, 2));
        writer.write_image_data(&data).map_err(say)?;
    } else {
        writer.write_image_data(data).map_err(say)?;
    }
    writer.finish().map_err(say)?;
    Ok(Some(bytes))
}

/// Width and height of a JPEG, by the first frame's header. Any number of 0xFF
/// may stand before a marker (ITU-T T.81, B.1.1.2), which `imagesize` does not
/// know.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.strip_prefix(b"\xFF\xD8")?;
    loop {
        let (0xFF, after) = rest.split_first()? else {
            return None;
        };
        let at = after.iter().position(|byte| *byte != 0xFF)?;
        let (marker, segment) = (after[at], &after[at + 1..]);
        match marker {
            // These stand alone.
            0x01 | 0xD0..=0xD8 => rest = segment,
            // The scan or the end: a frame would have come before.
            0xD9 | 0xDA => return None,
            // Frames, but for tables that share their numbers.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let [_, _, _, height @ .., a, b] = segment.get(..7)? else {
                    return None;
                };
                let height = u16::from_be_bytes(height.try_into().ok()?);
                return Some((u16::from_be_bytes([*a, *b]).into(), height.into()));
            }
            _ => {
                let length = segment.first_chunk::<2>()?;
                rest = segment.get(usize::from(u16::from_be_bytes(*length)).max(2)..)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::jpeg_size;

    #[test]
    fn jpegs_have_fill_bytes_and_segments_of_any_kind() {
        const FRAME: &[u8] = b"\xFF\xC2\0\x11\x08\0\x17\0\x25\x03";
        let jpeg = |parts: &[&[u8]]| [b"\xFF\xD8", &parts.concat()[..]].concat();
        for (parts, size) in [
            (&[FRAME][..], Some((37, 23))),
            (&[b"\xFF\xFF\xFF", FRAME], Some((37, 23))),
            (
                &[b"\xFF\xE0\0\x04ab", b"\xFF\xC4\0\x02", b"\xFF\x01", FRAME],
                Some((37, 23)),
            ),
            (&[b"\xFF\xDA\0\x02", FRAME], None),
            (&[b"\xFF\xE0\0\0", FRAME], Some((37, 23))),
            (&[b"\xFF\xE0\xFF\xFF", FRAME], None),
            (&[b"x", FRAME], None),
            (&[&FRAME[..8]], None),
            (&[b"\xFF\xFF"], None),
            (&[], None),
        ] {
            assert_eq!(jpeg_size(&jpeg(parts)), size, "{parts:?}");
        }
    }
}
