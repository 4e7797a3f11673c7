//! The OpenIGTLink server: what a procedure knows, for 3D Slicer and other clients.
