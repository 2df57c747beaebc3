//! `Code.ZipFile`: source text in a template becomes a package of one file.
//!
//! A stored entry, no compression, no time: the same text gives the same bytes (APPNOTE.TXT, sections 4.3.7, 4.3.12 and
//! 4.3.16).

pub fn zipped(name: &str, content: &[u8]) -> Vec<u8> {
    const ONE_JANUARY_1980: u16 = 0x21;
    let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let mut fields = Vec::new();
    // Version needed, flags (UTF-8 names), method (stored), time, date.
    for field in [10_u16, 0x800, 0, 0, ONE_JANUARY_1980] {
        fields.extend(field.to_le_bytes());
    }
    for field in [crc32(content), size, size] {
        fields.extend(field.to_le_bytes());
    }
    fields.extend(name_length.to_le_bytes());
    fields.extend(0_u16.to_le_bytes());

    let mut zip = Vec::new();
    zip.extend(0x0403_4b50_u32.to_le_bytes());
    zip.extend(&fields);
    zip.extend(name.as_bytes());
    zip.extend(content);
    let directory_at = zip.len() as u32;
    zip.extend(0x0201_4b50_u32.to_le_bytes());
    // Made by: Unix.
    zip.extend(0x031e_u16.to_le_bytes());
    zip.extend(&fields);
    // Comment length, disk, internal attributes; then the file's mode, and where its entry is.
    zip.extend([0; 6]);
    zip.extend((0o100_644_u32 << 16).to_le_bytes());
    zip.extend(0_u32.to_le_bytes());
    zip.extend(name.as_bytes());
    let directory_size = zip.len() as u32 - directory_at;
    zip.extend(0x0605_4b50_u32.to_le_bytes());
    for field in [0_u16, 0, 1, 1] {
        zip.extend(field.to_le_bytes());
    }
    for field in [directory_size, directory_at] {
        zip.extend(field.to_le_bytes());
    }
    zip.extend(0_u16.to_le_bytes());
    zip
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn the_same_text_is_the_same_package() {
        let zip = zipped("index.js", b"exports.handler = async () => 1");
        assert_eq!(zip, zipped("index.js", b"exports.handler = async () => 1"));
        assert_eq!(&zip[30..38], b"index.js");
        assert_eq!(zip.len(), 30 + 8 + 31 + 46 + 8 + 22);
    }
}
