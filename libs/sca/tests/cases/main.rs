//! What a shared line does, message by message. The numbers are those of the numbered cases of
//! the contract.

#[cfg(test)]
mod support;

#[cfg(test)]
mod captures;
#[cfg(test)]
mod failed;
#[cfg(test)]
mod incoming;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod membership;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod retrieval;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod seizing;
#[cfg(test)]
mod time;
