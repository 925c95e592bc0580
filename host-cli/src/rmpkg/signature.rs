//! Signatures of packages, in the form of minisign: beside `x.rmpkg` lies
//! `x.rmpkg.minisig`, and what is signed is each byte of the package.

use std::fs;
use std::io::{Cursor, IsTerminal as _};
use std::path::{Path, PathBuf};

use minisign::{PublicKey, PublicKeyBox, SecretKeyBox, SignatureBox};

use crate::failure::Failure;
use crate::workspace::reason;

/// What signatures' names end in, after the package's own.
const ENDING: &str = ".minisig";
/// The longest signature or key that is read.
const LONGEST: u64 = 16 << 10;

/// A public key that packages must be signed with.
#[derive(Clone)]
pub(crate) struct Key(PublicKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.to_base64())
    }
}

impl Key {
    /// Reads a public key, as minisign writes it: a file, or its line.
    ///
    /// # Errors
    /// Says why it is none.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("RW") && !Path::new(text).exists() {
            let key = PublicKey::from_base64(text);
            return key
                .map(Self)
                .map_err(|_| "is not a public key of minisign".into());
        }
        let content = read(Path::new(text)).map_err(|why| format!("can't be read: {why}"))?;
        let key = PublicKeyBox::from_string(&content).and_then(PublicKeyBox::into_public_key);
        key.map(Self).map_err(|_| {
            let is_secret = content.contains("secret key");
            let hint = match is_secret {
                true => "; it is the secret one, whose other half ends in .pub",
                false => "",
            };
            format!("is not a public key of minisign{hint}")
        })
    }
}

/// Where a package's signature lies.
pub(crate) fn beside(package: &Path) -> PathBuf {
    let mut path = package.as_os_str().to_owned();
    path.push(ENDING);
    path.into()
}

/// What is known of a package's signature.
pub(crate) enum Signed {
    /// There is none.
    No,
    /// There is one, which nobody was asked to check: its comment.
    Unchecked,
    /// One of the keys made it; what it says besides is signed too.
    By(String),
}

/// Checks a package's signature, where keys are given.
///
/// # Errors
/// Where none of them made it.
pub(crate) fn check(package: &Path, bytes: &[u8], keys: &[Key]) -> Result<Signed, Failure> {
    let path = beside(package);
    if keys.is_empty() {
        return Ok(match path.exists() {
            true => Signed::Unchecked,
            false => Signed::No,
        });
    }
    let (shown, signature) = (package.display(), path.display());
    let refused = |why: String| Failure::usage(format!("`{shown}` is not run: {why}"));
    if !path.exists() {
        let why = format!("it is not signed: there is no `{signature}`");
        return Err(
            refused(why).help("`pipeline pack --sign KEY` signs, and so does `minisign -Sm`")
        );
    }
    let text = read(&path).map_err(|why| refused(format!("`{signature}` can't be read: {why}")))?;
    let read = SignatureBox::from_string(&text)
        .map_err(|_| refused(format!("`{signature}` is not a signature of minisign")))?;
    for Key(key) in keys {
        if minisign::verify(key, &read, Cursor::new(bytes), true, false, false).is_ok() {
            return Ok(Signed::By(read.trusted_comment().unwrap_or_default()));
        }
    }
    let known = keys.iter().any(|Key(key)| key.keynum() == read.keynum());
    Err(refused(match known {
        true => "it was changed after it was signed, or the signature was".into(),
        false => "it is signed with another key".into(),
    }))
}

/// Signs a package; gives what its signature's file has.
///
/// # Errors
/// Where the key can't be used.
pub(crate) fn sign(key: &Path, bytes: &[u8], says: &str) -> Result<String, Failure> {
    let shown = key.display();
    let unusable = |why: &str| Failure::usage(format!("the key `{shown}` can't be used: {why}"));
    let text = read(key).map_err(|why| unusable(&why))?;
    let none = "it is not a secret key of minisign";
    let boxed = || SecretKeyBox::from_string(&text).map_err(|_| unusable(none));
    let secret = match boxed()?.into_unencrypted_secret_key() {
        Ok(secret) => secret,
        Err(_) if !text.contains("secret key") => return Err(unusable(none)),
        // Then it has a password, which is asked for on a terminal.
        Err(_) if !std::io::stdin().is_terminal() => {
            let why = "it has a password, and there is no terminal to ask for it";
            return Err(unusable(why).help("`minisign -G -W` makes a key without one"));
        }
        Err(_) => (boxed()?.into_secret_key(None)).map_err(|error| unusable(&error.to_string()))?,
    };
    let public =
        PublicKey::from_secret_key(&secret).map_err(|error| unusable(&error.to_string()))?;
    let signed = minisign::sign(
        Some(&public),
        &secret,
        Cursor::new(bytes),
        Some(says),
        Some("signature of a package of pipelines"),
    );
    let signed = signed.map_err(|error| unusable(&error.to_string()))?;
    Ok(signed.into_string())
}

/// A short file of text.
fn read(path: &Path) -> Result<String, String> {
    let metadata = fs::metadata(path).map_err(|error| reason(&error))?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return Err("it is no short file".into());
    }
    fs::read_to_string(path).map_err(|error| reason(&error))
}
