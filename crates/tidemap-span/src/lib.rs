//! Page runs: memory reserved at once, touched lazily, released piecewise.
