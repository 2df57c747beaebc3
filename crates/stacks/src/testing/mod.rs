//! Tests of the whole engine: stacks of made-up resources in a made-up world, on a real store, with crashes anywhere.

mod changing;
mod crashing;
mod creating;
mod deleting;
mod house;
mod operations;
mod problems;
mod random;
mod rooms;
mod sharing;
mod world;

use house::{House, summary};
