//! A plan as bytes, for the time that the HSS takes to answer.

use super::{Contact, Lifetime, Plan, Wants};
use crate::contact::Params;
use std::borrow::Cow;

/// What a REGISTER asks for, as a number.
const WANTS: [u32; 3] = [0, 1, 2];

impl Plan<'_> {
    /// The plan as bytes of this machine.
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(self.size()));
        for text in [&self.identity, &self.private, &self.call_id, &self.user_agent, &self.path] {
            out.text(text);
        }
        out.number(self.cseq);
        out.number(u32::from(self.echoes_path));
        out.number(u32::from(self.behind_nat));
        let [query, all, contacts] = WANTS;
        match &self.wants {
            Wants::Query => out.number(query),
            Wants::RemoveAll => out.number(all),
            Wants::Contacts(list) => {
                out.number(contacts);
                for contact in list {
                    out.contact(contact);
                }
            }
        }
        out.0
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        const FIXED: usize = 64;
        let texts = [&self.identity, &self.private, &self.call_id, &self.user_agent, &self.path];
        let texts = texts.iter().fold(FIXED, |sum, text| sum.saturating_add(text.len()));
        self.contacts().iter().fold(texts, |sum, contact| {
            [&contact.uri[..], contact.params.text(), &contact.received]
                .iter()
                .fold(sum.saturating_add(FIXED), |sum, text| sum.saturating_add(text.len()))
        })
    }
}

impl<'b> Plan<'b> {
    /// The plan that [`Plan::pack`] made bytes of; `None` for any others.
    pub fn unpack(bytes: &'b [u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let [identity, private, call_id, user_agent, path] = from.texts()?;
        let cseq = from.number()?;
        let (echoes_path, behind_nat) = (from.flag()?, from.flag()?);
        let [query, all, contacts] = WANTS;
        let wants = match from.number()? {
            kind if kind == query => Wants::Query,
            kind if kind == all => Wants::RemoveAll,
            kind if kind == contacts => {
                let mut list = Vec::new();
                while !from.0.is_empty() {
                    list.push(from.contact()?);
                }
                Wants::Contacts(list)
            }
            _ => return None,
        };
        let plan = Plan {
            identity,
            private,
            call_id,
            cseq,
            user_agent,
            path,
            echoes_path,
            behind_nat,
            wants,
        };
        from.0.is_empty().then_some(plan)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_ne_bytes());
    }

    fn text(&mut self, text: &[u8]) {
        // All texts are parts of one message, which is far shorter.
        self.number(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(text);
    }

    fn contact(&mut self, contact: &Contact<'_>) {
        self.text(&contact.uri);
        self.text(contact.params.text());
        self.text(&contact.received);
        self.number(contact.q.cast_unsigned());
        self.number(match contact.lifetime {
            Lifetime::Remove => 0,
            Lifetime::Seconds(seconds) => seconds,
        });
        self.number(contact.methods);
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*number))
    }

    fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    fn texts<const N: usize>(&mut self) -> Option<[Cow<'b, [u8]>; N]> {
        let mut texts = [b"".as_slice(); N];
        for place in &mut texts {
            *place = self.text()?;
        }
        Some(texts.map(Cow::Borrowed))
    }

    fn contact(&mut self) -> Option<Contact<'b>> {
        let uri = Cow::Borrowed(self.text()?);
        let params = Params::kept(self.text()?);
        let received = Cow::Borrowed(self.text()?);
        let q = self.number()?.cast_signed();
        let lifetime = match self.number()? {
            0 => Lifetime::Remove,
            seconds => Lifetime::Seconds(seconds),
        };
        Some(Contact { uri, params, q, lifetime, methods: self.number()?, received })
    }
}
