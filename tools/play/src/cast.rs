//! Who takes part: three phones of the line and the outside party.

use crate::{
    Error,
    journal::Journal,
    notify::Notify,
    sipp::{FAR_END, Fields, LINE, Scene, Sipp, free_port},
};
use std::io;

/// Names of the phones of the line.
pub(crate) const PHONES: [&str; 3] = ["A", "B", "C"];

/// Somebody with a telephone.
#[derive(Debug)]
pub(crate) struct Player {
    /// `A`, `B`, `C`, or the number of the outside party.
    pub(crate) name: &'static str,
    /// User part of its address.
    pub(crate) user: &'static str,
    /// Where it is reached.
    pub(crate) contact: String,
    /// What it writes down by itself.
    journal: Journal,
    _scene: Scene,
}

impl Player {
    fn enter(
        sipp: &Sipp,
        name: &'static str,
        user: &'static str,
        scenario: &str,
    ) -> Result<Self, Error> {
        let port = free_port()?;
        let contact = format!("sip:{user}@127.0.0.1:{port}");
        let journal = sipp.log(name, scenario);
        // What an earlier play wrote is not heard again.
        match std::fs::remove_file(&journal) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let scene = sipp.stay(name, scenario, port, &[("contact", &contact)])?;
        Ok(Self { name, user, contact, journal: Journal::new(journal), _scene: scene })
    }

    /// The next NOTIFY that this phone wrote down.
    pub(crate) fn heard(&mut self) -> Result<Option<Notify>, Error> {
        let Some(line) = self.journal.next()? else { return Ok(None) };
        let parsed = Notify::parse(&line);
        parsed.map(Some).ok_or_else(|| format!("{}: log line {line:?}", self.name).into())
    }

    /// The next line that this player wrote down, whatever it is.
    pub(crate) fn noted(&mut self) -> io::Result<Option<String>> {
        self.journal.next()
    }
}

/// The dialog of a call, from the side that goes on with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dialog {
    /// Call-ID.
    pub(crate) call_id: String,
    /// Tag of this side.
    pub(crate) tag: String,
    /// Tag of the other side.
    pub(crate) remote_tag: String,
    /// Contact of the other side.
    pub(crate) target: String,
    /// Record-Route that both sides got.
    pub(crate) route: String,
}

/// Everybody, and the tool that plays them.
#[derive(Debug)]
pub(crate) struct Cast {
    sipp: Sipp,
    /// The phones of the line, in the order of [`PHONES`].
    pub(crate) phones: [Player; 3],
    /// The outside party.
    pub(crate) far_end: Player,
    /// Distinguishes the dialogs of this play from those of earlier ones.
    pub(crate) play: u32,
}

impl Cast {
    /// Lets everybody answer their telephones.
    pub(crate) fn enter(sipp: Sipp) -> Result<Self, Error> {
        let [a, b, c] = PHONES;
        let phone = |name| Player::enter(&sipp, name, LINE, "phone");
        let phones = [phone(a)?, phone(b)?, phone(c)?];
        let far_end = Player::enter(&sipp, FAR_END, FAR_END, "far-end")?;
        Ok(Self { sipp, phones, far_end, play: std::process::id() })
    }

    /// Lets `who` play a scenario outside of any dialog to its end.
    pub(crate) fn ask(&self, who: &Player, scenario: &str, more: Fields<'_>) -> Result<(), Error> {
        let id = format!("{scenario}-{}-{}", who.name, self.play);
        let mut fields = vec![("user", who.user), ("contact", &who.contact), ("tag", &id)];
        fields.extend_from_slice(more);
        self.sipp.run(who.name, scenario, &id, &fields)
    }

    /// Lets `who` call `callee` on appearance 1 of its line.
    pub(crate) fn call(&self, who: &Player, callee: &str) -> Result<Call, Error> {
        let call_id = format!("call-{}-{}", who.name, self.play);
        let fields = [
            ("user", who.user),
            ("contact", who.contact.as_str()),
            ("tag", &call_id),
            ("callee", callee),
            ("index", "1"),
        ];
        let journal = self.sipp.log(who.name, "call");
        let scene = self.sipp.start(who.name, "call", &call_id, &fields)?;
        Ok(Call { scene, journal: Journal::new(journal), call_id })
    }

    /// Lets `who` play a scenario in a dialog with `callee`.
    pub(crate) fn within(
        &self,
        who: &Player,
        scenario: &str,
        callee: &str,
        dialog: &Dialog,
    ) -> Result<(), Error> {
        let fields = [
            ("user", who.user),
            ("contact", who.contact.as_str()),
            ("callee", callee),
            ("index", "1"),
            ("tag", &dialog.tag),
            ("remote_tag", &dialog.remote_tag),
            ("target", &dialog.target),
            ("route", &dialog.route),
        ];
        self.sipp.run(who.name, scenario, &dialog.call_id, &fields)
    }
}

/// A call that is being set up.
#[derive(Debug)]
pub(crate) struct Call {
    scene: Scene,
    journal: Journal,
    /// Its Call-ID, which is the caller's tag too.
    pub(crate) call_id: String,
}

impl Call {
    /// Waits until it is answered; the dialog is the caller's.
    pub(crate) fn answered(mut self) -> Result<Dialog, Error> {
        self.scene.finish()?;
        let line = self.journal.next()?.ok_or("the answer to the call was not written down")?;
        let mut fields = line.splitn(3, '|').map(|field| field.trim().to_owned());
        let mut next = || fields.next().unwrap_or_default();
        let (target, remote_tag, route) = (next(), next(), next());
        Ok(Dialog { tag: self.call_id.clone(), call_id: self.call_id, remote_tag, target, route })
    }
}
