//! The two designs behind one interface.

use crate::layout::Layout;
use crate::model::Design;
use crate::reading::{self, BucketShape, Context, Reading, Reject};
use crate::{Result, classic, swiss};

/// Offsets of the design of a release.
#[derive(Debug, Clone, Copy)]
pub enum Offsets {
    /// To Go 1.23.
    Classic(classic::Offsets),
    /// From Go 1.24.
    Swiss(swiss::Offsets),
}

impl Offsets {
    /// Takes them from a layout.
    ///
    /// # Errors
    /// [`crate::Error::Layout`].
    pub fn new(layout: &Layout) -> Result<Offsets> {
        Ok(match layout.design() {
            Design::Classic => Offsets::Classic(classic::Offsets::new(layout)?),
            Design::Swiss => Offsets::Swiss(swiss::Offsets::new(layout)?),
        })
    }

    /// Bytes of a header.
    pub fn header_bytes(&self) -> u64 {
        match self {
            Offsets::Classic(o) => o.bytes,
            Offsets::Swiss(o) => o.bytes,
        }
    }

    /// Bits of the words of a header that are pointers.
    pub fn pointer_words(&self) -> u64 {
        match self {
            Offsets::Classic(o) => o.pointer_words(),
            Offsets::Swiss(o) => o.pointer_words(),
        }
    }

    /// Entries by a header.
    pub fn count(&self, header: &[u8]) -> u64 {
        match self {
            Offsets::Classic(o) => o.count(header),
            Offsets::Swiss(o) => o.count(header),
        }
    }

    /// Whether the numbers of a header go together.
    pub fn plausible(&self, header: &[u8]) -> bool {
        match self {
            Offsets::Classic(o) => o.plausible(header),
            Offsets::Swiss(o) => o.plausible(header),
        }
    }

    /// Address of the first array of buckets or groups; 0 for none.
    pub fn first_array(&self, context: &Context<'_>, header: &[u8]) -> u64 {
        match self {
            Offsets::Classic(o) => o.array(header),
            Offsets::Swiss(o) => match o.directory(header) {
                (0, _) => 0,
                (dir, _) => o
                    .first_groups(context, header)
                    .map_or(dir, |(data, _)| data),
            },
        }
    }

    /// Whether the first array has room for buckets of this shape.
    pub fn first_array_fits(
        &self,
        context: &Context<'_>,
        header: &[u8],
        shape: BucketShape,
    ) -> bool {
        match self {
            Offsets::Classic(o) => o.shape_fits(context, header, shape).is_ok(),
            Offsets::Swiss(o) => {
                let Some((data, groups)) = o.first_groups(context, header) else {
                    return false;
                };
                let Some(bytes) = groups.checked_mul(shape.bytes) else {
                    return false;
                };
                context.object_starting_at(data).is_some_and(|object| {
                    context.fits(
                        object,
                        context.sizes.slot(bytes, shape.noscan),
                        shape.noscan,
                    )
                })
            }
        }
    }

    /// Reads a map until a reading holds, or too often.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn read(
        &self,
        context: &Context<'_>,
        address: u64,
        shape: BucketShape,
    ) -> Result<Reading, Reject> {
        match self {
            Offsets::Classic(o) => reading::read(context, o, address, shape),
            Offsets::Swiss(o) => reading::read(context, o, address, shape),
        }
    }

    /// Visits every bucket or group once, without any promise against writers.
    pub fn visit(
        &self,
        context: &Context<'_>,
        address: u64,
        shape: BucketShape,
        visitor: &mut dyn FnMut(&[u8], u64),
    ) {
        match self {
            Offsets::Classic(o) => classic::visit(context, o, address, shape, visitor),
            Offsets::Swiss(o) => swiss::visit(context, o, address, shape, visitor),
        }
    }
}
